// Reads files of events by quicktype's types: node read.js TYPE FILE...
import { readFileSync } from "fs";
import { Convert as Clusters } from "./quicktype/cluster/types";
import { Convert as Enriched } from "./quicktype/enrichedarticle/types";
import { Convert as HeldBack } from "./quicktype/heldbackarticle/types";

const READERS: Record<string, (text: string) => string> = {
  EnrichedArticle: (text) => Enriched.toEnrichedArticle(text).dedup.cluster_id,
  HeldBackArticle: (text) => HeldBack.toHeldBackArticle(text).dedup.cluster_id,
  Cluster: (text) => Clusters.toCluster(text).cluster_id,
};

for (const file of process.argv.slice(3)) {
  console.log(READERS[process.argv[2]](readFileSync(file, "utf8")));
}

// Writes types made from the schemas: node generate.cjs SCHEMAS OUT. Needs the packages beside it in NODE_PATH.
const fs = require("fs");
const path = require("path");
const { compileFromFile } = require("json-schema-to-typescript");
const { fromFile, Parser } = require("@asyncapi/parser");
const modelina = require("@asyncapi/modelina");
const quicktype = require("quicktype-core");

const [schemas, out] = process.argv.slice(2);
const TYPES = {
  EnrichedArticle: "news.article.enriched.v1",
  HeldBackArticle: "news.article.duplicate.v1",
  Cluster: "news.cluster.changed.v1",
  RawArticle: "news.article.raw.v1",
};

function write(name, text) {
  const file = path.join(out, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

async function withQuicktype(lang, folder, options) {
  for (const [type, schema] of Object.entries(TYPES)) {
    const input = new quicktype.JSONSchemaInput(undefined);
    await input.addSource({ name: type, schema: fs.readFileSync(path.join(schemas, `${schema}.json`), "utf8") });
    const inputData = new quicktype.InputData();
    inputData.addInput(input);
    const file = { java: "x.java", go: "types.go", python: "types.py", typescript: "types.ts" }[lang];
    const made = await quicktype.quicktypeMultiFile({ inputData, lang, outputFilename: file, rendererOptions: options(type) });
    for (const [name, result] of made) {
      write(path.join(folder, type.toLowerCase(), name), result.lines.join("\n"));
    }
  }
}

async function withModelina(generator, folder, extension, mend = (text) => text) {
  const { document, diagnostics } = await fromFile(new Parser(), path.join(schemas, "asyncapi.yaml")).parse();
  if (!document) throw new Error(JSON.stringify(diagnostics));
  for (const model of await generator.generateCompleteModels(document, { packageName: "modelina", exportType: "named" })) {
    write(path.join(folder, `${model.modelName}.${extension}`), mend(model.result));
  }
}

async function main() {
  await withQuicktype("java", "java/quicktype", (type) => ({ package: `quicktype.${type.toLowerCase()}` }));
  await withQuicktype("go", "go", (type) => ({ package: type.toLowerCase() }));
  await withQuicktype("python", "python/quicktype", () => ({}));
  await withQuicktype("typescript", "typescript/quicktype", () => ({}));
  await withModelina(
    new modelina.JavaGenerator({ presets: [modelina.JAVA_JACKSON_PRESET], collectionType: "List" }),
    "java/modelina",
    "java",
  );
  await withModelina(
    new modelina.GoGenerator({ presets: [{ preset: modelina.GO_COMMON_PRESET, options: { addJsonTag: true } }] }),
    "go/modelina",
    "go",
    (text) => text.replace(/^(var RawActionValues = .*)null/m, "$1nil"), // it writes JavaScript's null into Go
  );
  for (const [type, schema] of Object.entries(TYPES)) {
    const text = await compileFromFile(path.join(schemas, `${schema}.json`), { additionalProperties: true, format: false });
    write(`typescript/json-schema-to-typescript/${type}.ts`, text);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

// Reads files of events by generated types: go run . TYPE FILE...
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"generated/cluster"
	"generated/enrichedarticle"
	"generated/heldbackarticle"
	"generated/modelina"
)

func withQuicktype(kind string, data []byte) (string, error) {
	switch kind {
	case "EnrichedArticle":
		value, err := enrichedarticle.UnmarshalEnrichedArticle(data)
		return value.Dedup.ClusterID, err
	case "HeldBackArticle":
		value, err := heldbackarticle.UnmarshalHeldBackArticle(data)
		return value.Dedup.ClusterID, err
	default:
		value, err := cluster.UnmarshalCluster(data)
		return value.ClusterID, err
	}
}

func withModelina(kind string, data []byte) (string, error) {
	switch kind {
	case "EnrichedArticle":
		value := modelina.EnrichedArticle{Dedup: &modelina.Dedup{}}
		err := json.Unmarshal(data, &value)
		return value.Dedup.ClusterId, err
	case "HeldBackArticle":
		value := modelina.HeldBackArticle{Dedup: &modelina.Dedup{}}
		err := json.Unmarshal(data, &value)
		return value.Dedup.ClusterId, err
	default:
		value := modelina.Cluster{}
		err := json.Unmarshal(data, &value)
		return value.ClusterId, err
	}
}

func main() {
	for _, name := range os.Args[2:] {
		data, err := os.ReadFile(name)
		for _, read := range []func(string, []byte) (string, error){withQuicktype, withModelina} {
			if err == nil {
				var id string
				id, err = read(os.Args[1], data)
				fmt.Println(id)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			os.Exit(1)
		}
	}
}

// Reads files of events by generated types: go run . TYPE FILE...
package main

import (
	"fmt"
	"os"

	"generated/cluster"
	"generated/enrichedarticle"
	"generated/heldbackarticle"
)

func read(kind string, data []byte) (string, error) {
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

func main() {
	for _, name := range os.Args[2:] {
		data, err := os.ReadFile(name)
		if err == nil {
			var id string
			id, err = read(os.Args[1], data)
			fmt.Println(id)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			os.Exit(1)
		}
	}
}

"""The values that all packages share: frozen structs, closed lists and identifiers, without I/O."""

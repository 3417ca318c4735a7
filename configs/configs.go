// Package configs carries the demo's definitions inside the binary, so that
// the demo works wherever the binary is.
package configs

import (
	"embed"
	"io/fs"
)

//go:embed demo
var demo embed.FS

// Demo is the folder of the demo's definitions.
func Demo() fs.FS {
	sub, err := fs.Sub(demo, "demo")
	if err != nil {
		panic(err) // the name is a valid one
	}
	return sub
}

// Package hartest holds HARs against the format, for tests.
package hartest

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// format is the JSON Schema of HAR 1.2, written from its
// description.
//
//go:embed har-1.2.schema.json
var format []byte

// Validate holds an archive's JSON against the format; the error says where
// they differ.
func Validate(archive []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(format))
	if err != nil {
		return fmt.Errorf("read the format: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("har.json", doc); err != nil {
		return fmt.Errorf("read the format: %w", err)
	}
	schema, err := c.Compile("har.json")
	if err != nil {
		return fmt.Errorf("read the format: %w", err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(archive))
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	return schema.Validate(instance)
}

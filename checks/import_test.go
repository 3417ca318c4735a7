package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// importNotes writes the notes as the program shows them.
func importNotes(i *Import) []byte {
	var b strings.Builder
	for _, n := range i.Notes {
		b.WriteString(n.Error() + "\n")
	}
	for _, s := range i.Secrets {
		b.WriteString("secret " + s + "\n")
	}
	return []byte(b.String())
}

// Each recording has beside it what it becomes, and what is said of that.
func TestImportRecordings(t *testing.T) {
	files, err := filepath.Glob("testdata/imports/*.json")
	if err != nil || len(files) < 1 {
		t.Fatalf("files: %v, %v", files, err)
	}
	schema := compiled(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			imported, err := ImportRecording(filepath.Base(file), data, ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".json")+".golden.yaml", imported.Definition)
			golden(t, strings.TrimSuffix(file, ".json")+".golden.txt", importNotes(imported))
			if err := schema.Validate(instance(t, imported.Definition)); err != nil {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

// Each HAR has beside it what it becomes, and what is said of that.
func TestImportHARs(t *testing.T) {
	files, err := filepath.Glob("testdata/imports/*.har")
	if err != nil || len(files) < 2 {
		t.Fatalf("files: %v, %v", files, err)
	}
	schema := compiled(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			imported, err := ImportHAR(filepath.Base(file), f, ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".har")+".golden.yaml", imported.Definition)
			golden(t, strings.TrimSuffix(file, ".har")+".golden.txt", importNotes(imported))
			if err := schema.Validate(instance(t, imported.Definition)); err != nil {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"outrider/probes"
)

// keepArtifacts writes what runs kept to folder/CHECK/NAME. Names come from
// our own probes, yet os.Root makes sure that none leads out of the folder.
func keepArtifacts(folder string, runs []probes.Run) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("keep artifacts: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("keep artifacts: %w", err)
	}
	defer root.Close()
	for _, run := range runs {
		for _, a := range run.Artifacts {
			if err := root.MkdirAll(run.CheckID, 0o755); err != nil {
				return fmt.Errorf("keep artifacts: %w", err)
			}
			if err := root.WriteFile(filepath.Join(run.CheckID, filepath.Base(a.Name)), a.Data, 0o644); err != nil {
				return fmt.Errorf("keep artifacts: %w", err)
			}
		}
	}
	return nil
}

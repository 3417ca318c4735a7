package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// A picture is taken, held against, and found to differ.
func TestUpdate(t *testing.T) {
	var height atomic.Int64
	height.Store(100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>Shop</title><div style="background:#369;width:300px;height:%dpx"></div>`, height.Load())
	}))
	t.Cleanup(server.Close)
	file := write(t, `
checks:
  - id: shop
    notify: []
    browser:
      - goto: `+server.URL+`/
      - expect: {looks_like: shop.png}
        timeout: 3s
`)
	picture := filepath.Join(filepath.Dir(file), "shop.png")
	out, errs, code := outrider(t, nil, "run", file)
	if code != 1 || !strings.Contains(errs, "there is no shop.png yet") || !strings.Contains(out, "outrider run --update") {
		t.Fatalf("without a picture: code %d\n%s%s", code, out, errs)
	}
	if out, errs, code = outrider(t, nil, "run", "--update", file); code != 0 || !strings.Contains(errs, "wrote "+picture) {
		t.Fatalf("taking it: code %d\n%s%s", code, out, errs)
	}
	if left, err := filepath.Glob(picture + "*"); err != nil || len(left) != 1 {
		t.Errorf("files %v, %v", left, err)
	}
	if out, errs, code = outrider(t, nil, "run", file); code != 0 {
		t.Errorf("held against it: code %d\n%s%s", code, out, errs)
	}
	height.Store(80)
	folder := t.TempDir()
	if out, _, code = outrider(t, nil, "run", "--artifacts", folder, file); code != 1 || !strings.Contains(out, "does not look like shop.png") {
		t.Errorf("after a change: code %d\n%s", code, out)
	}
	var names []string
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		names = append(names, filepath.Base(path))
		return err
	})
	if err != nil || !strings.Contains(strings.Join(names, " "), "shop-difference.png") {
		t.Errorf("kept %v, %v", names, err)
	}
}

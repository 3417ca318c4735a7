package checks

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxSecret bounds the file of a secret, in bytes.
const maxSecret = 64 << 10

// SecretLookup gives a function that finds secrets: in a file of the secret's
// name in dir (as Docker and Kubernetes provide them; one line break at its end
// is left out), else in the environment. An empty dir leaves the environment.
func SecretLookup(dir string, env func(string) (string, bool)) func(name string) (value string, ok bool, err error) {
	return func(name string) (string, bool, error) {
		if !secretName.MatchString(name) {
			return "", false, fmt.Errorf("%q is no name of a secret", cut(name))
		}
		if dir != "" {
			value, err := readSecret(dir, name)
			if !errors.Is(err, fs.ErrNotExist) {
				return value, err == nil, err
			}
		}
		value, ok := env(name)
		return value, ok, nil
	}
}

// readSecret reads a secret's file. Links are followed, since Kubernetes
// mounts secrets as links; the name itself cannot lead out of dir.
func readSecret(dir, name string) (string, error) {
	data, err := readFile(filepath.Join(dir, name), maxSecret)
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(string(data), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}

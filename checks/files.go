package checks

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// defaultsFile is the name of the file whose defaults apply to its folder.
const defaultsFile = "defaults"

// file is a definition file and the folder up to which defaults are looked for.
type file struct {
	path string
	root string
}

// find lists the definition files below the paths, in order, each once.
func (l *loader) find(paths []string) []file {
	var files []file
	seen := map[string]bool{}
	add := func(path, root string) {
		if key := canonical(path); !seen[key] {
			seen[key] = true
			files = append(files, file{path, root})
		}
	}
	for _, path := range paths {
		path = filepath.Clean(path)
		info, err := os.Stat(path)
		switch {
		case err != nil:
			l.addProblem(Position{File: path}, reason(err))
		case info.IsDir():
			before := len(files)
			l.walk(path, func(p string) { add(p, path) })
			if len(files) == before && !seen[canonical(path)] {
				l.addProblem(Position{File: path}, "holds no definition file: put *.yaml files there")
			}
		default:
			add(path, filepath.Dir(path))
		}
	}
	if len(files) > maxFiles {
		l.addProblem(Position{File: paths[0]}, fmt.Sprintf("holds more than %d definition files", maxFiles))
		return nil
	}
	slices.SortStableFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files
}

// walk calls found for each definition file below a folder. What starts with
// a dot is left out: editors and config maps keep their own things there.
// Links to files are followed, links to folders are not.
func (l *loader) walk(folder string, found func(path string)) {
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			l.addProblem(Position{File: path}, reason(err))
			return nil
		}
		if path != folder && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !isDefinition(path) {
			return nil
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil
		}
		found(path)
		return nil
	})
	if err != nil {
		l.addProblem(Position{File: folder}, reason(err))
	}
}

func isDefinition(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

// canonical is the same for all ways to write the path of one file.
func canonical(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	if p, err := filepath.Abs(path); err == nil {
		path = p
	}
	return path
}

// reason is why a file cannot be used, without its path.
func reason(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// loadFiles reads the files. Audiences come first, so that every file's
// checks can name them.
func (l *loader) loadFiles(files []file) {
	total := 0
	decoders := make([]*decoder, 0, len(files))
	folders := map[string]*decoder{} // defaults files by folder
	roots := map[*decoder]string{}
	for _, f := range files {
		d := l.open(f.path)
		if d == nil {
			continue
		}
		if total += len(d.source.text); total > maxTotal {
			l.addProblem(Position{File: f.path}, fmt.Sprintf("all definitions together are larger than %d MiB", maxTotal>>20))
			return
		}
		decoders = append(decoders, d)
		roots[d] = f.root
		if isDefaults(f.path) {
			folders[filepath.Dir(f.path)] = d
		}
	}
	// A file that is given alone has its folder's defaults, too.
	for _, f := range files {
		l.openDefaults(f.root, folders)
	}
	bases := map[string]*checkDraft{}
	for _, d := range decoders {
		d.readAudiences()
		d.readPlans()
	}
	for _, d := range decoders {
		folder := filepath.Dir(d.source.path)
		if isDefaults(d.source.path) {
			d.readChecks(l.folderBase(folder, roots[d], folders, bases))
			continue
		}
		d.readChecks(d.readDefaults(l.folderBase(folder, roots[d], folders, bases)))
	}
}

// loadText reads one text as a file of its own.
func (l *loader) loadText(name string, text []byte) {
	s, problem := parseSource(name, text)
	if problem != nil {
		l.addProblem(problem.Pos, problem.Message)
		return
	}
	d := newDecoder(l, s)
	d.readTop()
	d.readAudiences()
	d.readPlans()
	d.readChecks(d.readDefaults(newCheckDraft()))
}

// open reads and parses one file.
func (l *loader) open(path string) *decoder {
	l.files = append(l.files, path)
	text, err := l.read(path, maxFile)
	if err != nil {
		message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), path+": "), path+" ")
		l.addProblem(Position{File: path}, message)
		return nil
	}
	s, problem := parseSource(path, text)
	if problem != nil {
		l.addProblem(problem.Pos, problem.Message)
		return nil
	}
	d := newDecoder(l, s)
	d.readTop()
	return d
}

func isDefaults(path string) bool {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) == defaultsFile
}

// openDefaults opens a folder's defaults file if it is not open yet.
func (l *loader) openDefaults(folder string, folders map[string]*decoder) {
	if _, ok := folders[folder]; ok {
		return
	}
	folders[folder] = nil
	for _, ext := range []string{".yaml", ".yml"} {
		path := filepath.Join(folder, defaultsFile+ext)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			folders[folder] = l.open(path)
			return
		}
	}
}

// folderBase is what checks of a folder start from: the defaults of the
// folders from root down to it.
func (l *loader) folderBase(folder, root string, folders map[string]*decoder, bases map[string]*checkDraft) *checkDraft {
	key := folder + "\x00" + root
	if b := bases[key]; b != nil {
		return b
	}
	base := newCheckDraft()
	if parent := filepath.Dir(folder); folder != root && parent != folder {
		base = l.folderBase(parent, root, folders, bases)
	}
	if d := folders[folder]; d != nil {
		base = d.readDefaults(base)
	}
	bases[key] = base
	return base
}

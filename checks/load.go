package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Options is where loading finds what definitions refer to.
type Options struct {
	// LookupEnv gives an environment variable, as os.LookupEnv does.
	LookupEnv func(name string) (string, bool)
	// LookupSecret gives a secret; ok is false if there is none of that name.
	LookupSecret func(name string) (value string, ok bool, err error)
}

// Load reads definition files and folders (every *.yaml and *.yml below them)
// as one set. Its error is Problems: everything that is wrong, not just the
// first thing.
//
// The defaults of a file named defaults.yaml apply to all files of its folder
// and below, nearer ones winning; of the folders above a path that is given,
// none is looked at.
func Load(paths []string, opts Options) (*Definitions, error) {
	l := newLoader(opts)
	l.loadFiles(l.find(paths))
	return l.finish()
}

// LoadBytes reads one definition file's text; name stands for its path, which
// other files are found relative to. See Load.
func LoadBytes(name string, text []byte, opts Options) (*Definitions, error) {
	l := newLoader(opts)
	l.loadText(name, text)
	return l.finish()
}

// loader collects what all files say, and what is wrong with it.
type loader struct {
	opts     Options
	read     func(path string, limit int64) ([]byte, error)
	problems Problems
	warnings Problems

	checks    []*checkDraft
	audiences []Audience
	events    []Event
	holidays  []Holiday
	deploys   []Deploy
	selected  []selection
	// ids are where each check and audience is defined.
	checkIDs    map[string]Position
	audienceIDs map[string]Position
	files       []string

	secrets     map[string]string // by name
	secretOrder []string
	codes       map[string]*oneTimeCode // by the secret's name
	derived     []Secret                // other forms in which secrets travel
	patternRoom int                     // how much all regular expressions may still take
	zones       map[string]*time.Location
}

func newLoader(opts Options) *loader {
	if opts.LookupEnv == nil {
		opts.LookupEnv = func(string) (string, bool) { return "", false }
	}
	if opts.LookupSecret == nil {
		opts.LookupSecret = func(string) (string, bool, error) { return "", false, nil }
	}
	return &loader{
		opts:        opts,
		read:        readFile,
		checkIDs:    map[string]Position{},
		audienceIDs: map[string]Position{},
		secrets:     map[string]string{},
		codes:       map[string]*oneTimeCode{},
		zones:       map[string]*time.Location{},
		patternRoom: maxPatterns,
	}
}

// maxProblems bounds what a file of nonsense has to say.
const maxProblems = 1000

func (l *loader) addProblem(pos Position, message string) {
	switch {
	case len(l.problems) < maxProblems:
		l.problems = append(l.problems, Problem{pos, message})
	case len(l.problems) == maxProblems:
		l.problems = append(l.problems, Problem{pos, fmt.Sprintf("more than %d problems: the rest is not shown", maxProblems)})
	}
}

// full tells that there are so many problems that nothing more is read.
func (l *loader) full() bool { return len(l.problems) > maxProblems }

func (l *loader) addWarning(pos Position, message string) {
	if len(l.warnings) < maxProblems {
		l.warnings = append(l.warnings, Problem{pos, message})
	}
}

// secret gives a secret's value and remembers it, so that it can be kept out
// of everything that leaves the process.
func (l *loader) secret(name string) (string, error) {
	if v, ok := l.secrets[name]; ok {
		return v, nil
	}
	value, ok, err := l.opts.LookupSecret(name)
	switch {
	case err != nil:
		return "", fmt.Errorf("secret %s: %w", name, err)
	case !ok:
		return "", fmt.Errorf("secret %s is not set: put it into a file of that name in the secrets folder, or into the environment", name)
	case len(value) < minSecret:
		return "", fmt.Errorf("secret %s is shorter than %d bytes: nothing so short can be kept out of logs", name, minSecret)
	}
	l.secrets[name] = value
	l.secretOrder = append(l.secretOrder, name)
	return value, nil
}

// zone gives a time zone by its IANA name.
func (l *loader) zone(name string) (*time.Location, error) {
	if z := l.zones[name]; z != nil {
		return z, nil
	}
	z, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return nil, fmt.Errorf("unknown time zone %q: write a name such as Europe/Berlin or UTC", cut(name))
	}
	l.zones[name] = z
	return z, nil
}

// finish checks what goes across files and gives the result.
func (l *loader) finish() (*Definitions, error) {
	l.checkNotify()
	l.checkSelections()
	l.checkSignIns()
	secrets := make([]Secret, 0, len(l.secretOrder)+len(l.derived))
	for _, name := range l.secretOrder {
		secrets = append(secrets, NewSecret(l.secrets[name]))
	}
	secrets = append(secrets, l.derived...)
	if len(l.problems) > 0 {
		return nil, l.problems.redacted(secrets).sort()
	}
	defs := &Definitions{
		Checks:    make([]Check, len(l.checks)),
		Audiences: l.audiences,
		Events:    l.events,
		Holidays:  l.holidays,
		Deploys:   l.deploys,
		Warnings:  l.warnings.redacted(secrets).sort(),
		Secrets:   secrets,
	}
	for i, c := range l.checks {
		defs.Checks[i] = c.Check
	}
	resolveSignIns(defs.Checks)
	slices.SortStableFunc(defs.Events, func(a, b Event) int { return a.From.Compare(b.From) })
	slices.SortStableFunc(defs.Deploys, func(a, b Deploy) int { return a.At.Compare(b.At) })
	slices.Sort(l.files)
	defs.Files = slices.Compact(l.files)
	return defs, nil
}

// checkNotify holds the audiences that checks name against those that exist.
func (l *loader) checkNotify() {
	ids := make([]string, len(l.audiences))
	for i, a := range l.audiences {
		ids[i] = a.ID
	}
	for _, c := range l.checks {
		for i, name := range c.Notify {
			if slices.Contains(ids, name) {
				continue
			}
			if _, broken := l.audienceIDs[name]; broken {
				continue
			}
			message := fmt.Sprintf("notify: unknown audience %q", cut(name))
			if len(ids) == 0 {
				message += ": define it under audiences:"
			} else {
				message += suggestion(name, ids)
			}
			l.addProblem(c.notifyPos[i], message)
		}
		if !c.notifySet && len(ids) > 0 && c.Enabled {
			l.addWarning(c.Pos, fmt.Sprintf("check %q notifies nobody: add notify: [%s], or notify: [] if that is meant", c.ID, strings.Join(ids, ", ")))
		}
	}
}

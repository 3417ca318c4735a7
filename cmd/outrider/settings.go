package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"outrider/checks"
)

// settings come from the environment. README.md documents them: a test holds
// the two against each other.
type settings struct {
	Listen        string        `env:"OUTRIDER_LISTEN" envDefault:"127.0.0.1:8080" desc:"address of the pages and the API; beyond loopback a token or a user and password must be set"`
	BaseURL       string        `env:"OUTRIDER_BASE_URL" desc:"where people reach the pages; used in notifications"`
	Token         checks.Secret `env:"OUTRIDER_TOKEN" desc:"token that the pages and the API ask for"`
	BasicUser     string        `env:"OUTRIDER_BASIC_USER" desc:"user that the pages and the API ask for"`
	BasicPassword checks.Secret `env:"OUTRIDER_BASIC_PASSWORD" desc:"password of that user"`

	Data       string `env:"OUTRIDER_DATA" desc:"folder of the database; default: '$XDG_STATE_HOME/outrider', else '~/.local/state/outrider'"`
	Location   string `env:"OUTRIDER_LOCATION" envDefault:"local" desc:"name of this place; checks with 'locations' run only where they are listed"`
	SecretsDir string `env:"OUTRIDER_SECRETS_DIR" desc:"folder with a file for each '${secret:NAME}'; else the environment is asked"`

	Chromium        string  `env:"OUTRIDER_CHROMIUM" desc:"headless shell (or Chromium) to run; default: found by name"`
	ChromiumFull    string  `env:"OUTRIDER_CHROMIUM_FULL" desc:"full Chromium, for checks that ask for it; default: found by name"`
	ChromiumSandbox string  `env:"OUTRIDER_CHROMIUM_SANDBOX" envDefault:"auto" desc:"auto, required or off; auto goes without, with a warning, where it cannot work"`
	HTTPSlots       int     `env:"OUTRIDER_HTTP_SLOTS" desc:"HTTP journeys at once; default: 16 a core, at least 32"`
	BrowserSlots    int     `env:"OUTRIDER_BROWSER_SLOTS" desc:"browser journeys at once; default: half the cores, at least 1"`
	Tolerance       float64 `env:"OUTRIDER_TOLERANCE" envDefault:"0.2" desc:"share of a run's time lost to a busy host from which on its latency raises nothing; 1: never"`

	KeepRuns      time.Duration `env:"OUTRIDER_KEEP_RUNS" envDefault:"30d" desc:"how long runs are kept"`
	KeepArtifacts time.Duration `env:"OUTRIDER_KEEP_ARTIFACTS" envDefault:"7d" desc:"how long screenshots and page texts are kept"`
	KeepHours     time.Duration `env:"OUTRIDER_KEEP_HOURS" envDefault:"400d" desc:"how long hourly roll-ups and resolved incidents are kept"`
	KeepBytes     int64         `env:"OUTRIDER_KEEP_BYTES" envDefault:"5368709120" desc:"size of the database over which the oldest runs go"`

	InfluxURL    string        `env:"INFLUXDB_URL" desc:"InfluxDB to export to; empty: none"`
	InfluxToken  checks.Secret `env:"INFLUXDB_TOKEN" desc:"token; for 1.8 'user:password' or empty"`
	InfluxOrg    string        `env:"INFLUXDB_ORG" desc:"organisation; empty for 1.8"`
	InfluxBucket string        `env:"INFLUXDB_BUCKET" desc:"bucket; for 1.8 'database/retention-policy'"`
	InfluxLabels []string      `env:"OUTRIDER_INFLUX_LABELS" desc:"labels of checks that become tags, separated by commas"`

	LogLevel  slog.Level `env:"OUTRIDER_LOG_LEVEL" envDefault:"info" desc:"debug, info, warn or error"`
	LogFormat string     `env:"OUTRIDER_LOG_FORMAT" envDefault:"text" desc:"text or json"`

	// environment holds variables that the demo sets for its definitions.
	environment map[string]string
}

// setting is one of the settings, as help and README show it.
type setting struct{ name, fallback, description string }

// allSettings lists the settings in the order of the struct.
func allSettings() []setting {
	var list []setting
	for _, f := range reflect.VisibleFields(reflect.TypeFor[settings]()) {
		if name := f.Tag.Get("env"); name != "" {
			list = append(list, setting{name, f.Tag.Get("envDefault"), f.Tag.Get("desc")})
		}
	}
	return list
}

func settingsHelp() string {
	var b strings.Builder
	b.WriteString("Settings, from the environment:\n")
	for _, s := range allSettings() {
		fmt.Fprintf(&b, "  %-26s %s", s.name, s.description)
		if s.fallback != "" {
			fmt.Fprintf(&b, " (default %s)", s.fallback)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// readSettings reads the environment. Its error names the variable.
func readSettings() (settings, error) {
	s, err := env.ParseAsWithOptions[settings](env.Options{FuncMap: map[reflect.Type]env.ParserFunc{
		// As in definitions: 30d, too.
		reflect.TypeFor[time.Duration](): func(text string) (any, error) { return checks.ParseDuration(text) },
	}})
	if err != nil {
		return s, usageError(settingsError(err))
	}
	if s.Data == "" {
		s.Data, err = defaultData()
		if err != nil {
			return s, usageError(err)
		}
	}
	if s.LogFormat != "text" && s.LogFormat != "json" {
		return s, usageError(fmt.Errorf("settings: OUTRIDER_LOG_FORMAT is %q: write text or json", s.LogFormat))
	}
	switch s.ChromiumSandbox {
	case "auto", "required", "off":
	default:
		return s, usageError(fmt.Errorf("settings: OUTRIDER_CHROMIUM_SANDBOX is %q: write auto, required or off", s.ChromiumSandbox))
	}
	if !(s.Tolerance > 0 && s.Tolerance <= 1) {
		return s, usageError(fmt.Errorf("settings: OUTRIDER_TOLERANCE is %g: write a share of time, over 0 and up to 1, such as 0.2", s.Tolerance))
	}
	if s.InfluxURL != "" && s.InfluxBucket == "" {
		return s, usageError(fmt.Errorf("settings: INFLUXDB_URL is set but INFLUXDB_BUCKET is not: name the bucket to write to"))
	}
	return s, nil
}

// settingsError names the variables that could not be read, where the library
// names the fields that they would have filled.
func settingsError(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return fmt.Errorf("settings: %w", err)
	}
	var errs []error
	for _, e := range all.Errors {
		var unread env.ParseError
		if errors.As(e, &unread) {
			if f, ok := reflect.TypeFor[settings]().FieldByName(unread.Name); ok {
				e = fmt.Errorf("settings: %s: %w", f.Tag.Get("env"), unread.Err)
			}
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// defaultData is the user's state folder (XDG Base Directory Specification).
func defaultData() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "outrider"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("settings: no place for data: set OUTRIDER_DATA: %w", err)
	}
	return filepath.Join(home, ".local", "state", "outrider"), nil
}

// logger writes to standard error: standard output belongs to the command.
func (s settings) logger() *slog.Logger {
	opts := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

// lookup finds a variable in what the demo sets, then in the environment.
func (s settings) lookup(name string) (string, bool) {
	if v, ok := s.environment[name]; ok {
		return v, true
	}
	return os.LookupEnv(name)
}

// load reads definitions with this process's environment and secrets.
func (s settings) load(paths []string) (*checks.Definitions, error) {
	return checks.Load(paths, checks.Options{
		LookupEnv:    s.lookup,
		LookupSecret: checks.SecretLookup(s.SecretsDir, s.lookup),
	})
}

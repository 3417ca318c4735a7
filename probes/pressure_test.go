package probes

import (
	"slices"
	"testing"
	"time"
)

func TestPressureIsRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want time.Duration
		read func([]byte) time.Duration
	}{
		"pressure of the machine": {"some avg10=39.37 avg60=12.09 avg300=13.17 total=4084745502\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", 4084745502 * time.Microsecond, parseWaiting},
		"pressure, full first":    {"full avg10=0.00 total=7\nsome avg10=0.00 total=3\n", 3 * time.Microsecond, parseWaiting},
		"no pressure":             {"", 0, parseWaiting},
		"pressure without total":  {"some avg10=0.00\n", 0, parseWaiting},
		"huge pressure":           {"some total=9223372036854775807\n", 0, parseWaiting},
		"throttled, version 2":    {"usage_usec 9\nnr_throttled 2\nthrottled_usec 1500\n", 1500 * time.Microsecond, parseThrottled},
		"throttled, version 1":    {"nr_periods 3\nnr_throttled 2\nthrottled_time 1500000\n", 1500 * time.Microsecond, parseThrottled},
		"no quota":                {"usage_usec 9\nuser_usec 4\n", 0, parseThrottled},
		"negative":                {"throttled_usec -4\n", 0, parseThrottled},
	} {
		if got := tt.read([]byte(tt.text)); got != tt.want {
			t.Errorf("%s: %s, expected %s", name, got, tt.want)
		}
	}
}

func TestGroupFolders(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		first string
		has   []string
	}{
		"version 2":       {"0::/system.slice/outrider.service\n", "/sys/fs/cgroup/system.slice/outrider.service", []string{"/sys/fs/cgroup"}},
		"in a container":  {"0::/\n", "/sys/fs/cgroup", nil},
		"version 1":       {"4:cpu,cpuacct:/docker/ab\n3:cpuset:/\n", "/sys/fs/cgroup/cpu,cpuacct/docker/ab", []string{"/sys/fs/cgroup/cpu"}},
		"both":            {"1:cpu:/a\n0::/b\n", "/sys/fs/cgroup/b", []string{"/sys/fs/cgroup/unified/b", "/sys/fs/cgroup/cpu/a"}},
		"climbing":        {"0::/../../etc\n", "/sys/fs/cgroup/etc", nil},
		"nothing of ours": {"3:cpuset:/\nnonsense\n", "", nil},
	} {
		got := groupFolders(tt.text)
		if tt.first == "" {
			if len(got) != 0 {
				t.Errorf("%s: %q, expected nothing", name, got)
			}
			continue
		}
		if len(got) == 0 || got[0] != tt.first {
			t.Errorf("%s: %q, expected %s first", name, got, tt.first)
		}
		for _, dir := range tt.has {
			if !slices.Contains(got, dir) {
				t.Errorf("%s: %q lacks %s", name, got, dir)
			}
		}
	}
}

func FuzzPressure(f *testing.F) {
	f.Add([]byte("some avg10=39.37 total=4084745502\n"), "0::/\n")
	f.Add([]byte("throttled_usec 12\n"), "1:cpu:/a\n")
	f.Fuzz(func(t *testing.T, text []byte, membership string) {
		if parseWaiting(text) < 0 || parseThrottled(text) < 0 {
			t.Error("a negative time")
		}
		for _, dir := range groupFolders(membership) {
			if len(dir) < len("/sys/fs/cgroup") || dir[:14] != "/sys/fs/cgroup" {
				t.Errorf("looks in %q", dir)
			}
		}
	})
}

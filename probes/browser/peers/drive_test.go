package main

import (
	"testing"

	"outrider/checks"
)

func TestJourneyLoads(t *testing.T) {
	for build := range binaries {
		t.Run(build, func(t *testing.T) {
			check, err := loadCheck("http://127.0.0.1:8081", build)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(check.Journey.Steps); check.Journey.Kind != checks.KindBrowser || n != 5 {
				t.Errorf("a journey of kind %s with %d steps, expected five in a browser", check.Journey.Kind, n)
			}
		})
	}
}

package browser

import (
	"bytes"
	"image"
	"net/http"
	"slices"
	"strings"
	"testing"

	"outrider/checks"
	"outrider/probes"
)

func TestDOMSnapshot(t *testing.T) {
	const token = "geheim-4711-geheim"
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<meta name="csrf-token" content="c0ffee">
		<form><input name=user value=was><input type=password value=pw123456><input type=hidden name=x value=hid-den><textarea>a</textarea>
		<select><option>one<option>two</select><input type=checkbox id=c></form><p onclick="alert(1)">Token ` + token + ` &amp; &lt;more&gt;</p>
		<div id=host></div><iframe srcdoc="<p>frame"></iframe><style>p > b { color: red }</style>
		<script>document.querySelector('input').value = 'is'; document.querySelector('textarea').value = 'written'; document.querySelector('select').selectedIndex = 1;
		document.getElementById('c').checked = true; const secret = 'in a script';
		document.getElementById('host').attachShadow({mode: 'open'}).innerHTML = '<b>in the shadow</b>'</script>`)})
	check := load(t, server.URL, "- goto: ${URL}/page\n- {fill: {css: '[name=user]', value: \"${secret:TOKEN}\"}}\n- {expect: Nothing of it, timeout: 300ms}\n", map[string]string{"TOKEN": token})
	r := run(t, newProbe(t, Options{}), check)
	mustFail(t, r, probes.FailAssertion)
	got := string(artifact(t, r, domName))
	for _, part := range []string{`<meta name="address" content="` + server.URL + `/page">`, `value="[redacted]"`, "written</textarea>", `selected="">two`, `checked=""`, "&amp; &lt;more&gt;",
		`<template shadowrootmode="open"><b>in the shadow</b></template>`, "p > b { color: red }", "Token [redacted]", "default-src 'none'", "<title>Test page</title>"} {
		if !strings.Contains(got, part) {
			t.Errorf("it does not have %q", part)
		}
	}
	for _, part := range []string{token, "pw123456", "hid-den", "c0ffee", "in a script", "onclick", "srcdoc", "<script"} {
		if strings.Contains(got, part) {
			t.Errorf("it has %q", part)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	check.Journey.Browser.Keep.DOM = checks.Keeping{Set: true}
	if r := run(t, newProbe(t, Options{}), check); slices.Contains(names(r), domName) {
		t.Errorf("it is kept all the same: %v", names(r))
	}
}

// However large or deep a document is, what fits is kept of it. Not much deeper
// than this, and the browser's own layout crashes the tab.
func TestDOMSnapshotIsBounded(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/long": html(`<script>document.body.hidden = true; document.body.textContent = 'word '.repeat(1e6)</script>`),
		"/deep": html(`<script>let el = document.body; for (let i = 0; i < 2000; i++) { const c = document.createElement('p'); el.append(c); el = c } el.textContent = 'bottom'</script>`),
	})
	probe := newProbe(t, Options{})
	for _, page := range []string{"/long", "/deep"} {
		check := journeyOf(goTo(server.URL + page))
		check.Journey.Browser.Keep.DOM = always
		r := run(t, probe, check)
		mustPass(t, r)
		for _, a := range r.Artifacts {
			if len(a.Data) > maxDOM {
				t.Errorf("%s: %s has %d bytes", page, a.Name, len(a.Data))
			}
		}
		dom := artifact(t, r, domName)
		if page == "/deep" && (strings.Count(string(dom), "<p>") != 2000 || !strings.Contains(string(dom), "bottom</p>")) || len(dom) < 14_000 {
			t.Errorf("%s: %d bytes, with %d paragraphs", page, len(dom), strings.Count(string(dom), "<p>"))
		}
	}
}

// The failing step's target is outlined on the picture, and only there.
func TestTargetIsMarked(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<style>body{margin:0;background:#fff}</style><div style="height:200px"></div><button disabled style="margin-left:200px">Pay</button>`)})
	check := load(t, server.URL, "- goto: ${URL}/page\n- {click: {role: button, name: Pay}, timeout: 400ms}\n", nil)
	r := run(t, newProbe(t, Options{}), check)
	mustFail(t, r, probes.FailElement)
	picture, _, err := image.Decode(bytes.NewReader(artifact(t, r, "failure.jpg")))
	if err != nil {
		t.Fatal(err)
	}
	pink := 0
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if red, green, blue, _ := picture.At(x, y).RGBA(); red>>8 > 180 && green>>8 < 60 && blue>>8 > 70 && blue>>8 < 150 {
				pink++
			}
		}
	}
	if pink < 300 {
		t.Errorf("nothing is outlined: %d pixels", pink)
	}
	if dom := string(artifact(t, r, domName)); strings.Contains(dom, "popover") || strings.Contains(dom, "d6006c") {
		t.Errorf("the mark is in the document:\n%s", dom)
	}
}

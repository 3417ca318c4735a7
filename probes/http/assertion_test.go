package http_test

import (
	nethttp "net/http"
	"strings"
	"testing"

	"outrider/probes"
)

const shopJSON = `{"items":[{"name":"Cup","price":12.5,"stock":0}],"total":9007199254740993,"next":null}`

func shop(w nethttp.ResponseWriter, _ *nethttp.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("X-Many", "a")
	w.Header().Add("X-Many", "b")
	_, _ = w.Write([]byte(shopJSON))
}

func TestAssertionsThatHold(t *testing.T) {
	url := serve(t, shop)
	for _, expect := range []string{
		`status: 200`, `status: 2xx`, `status: [200, 204]`, `status: "< 400"`,
		`latency: "< 10s"`, `resolve: "< 1ms"`, `connect: "< 5s"`, `tls: "< 1ns"`, `first_byte: "< 5s"`, `download: "< 5s"`,
		`headers: {content-type: contains json}`, `headers: {X-Many: "a, b"}`, `headers: {X-None: absent}`,
		`body: contains Cup`, `body: matches "name":"\w+"`, `body: [contains Cup, not contains Mug]`,
		`json: {"$.items[0].name": Cup}`, `json: {"$.items[0].price": "> 12"}`, `json: {"$.total": 9007199254740993}`,
		`json: {"$.items": length > 0}`, `json: {"$.next": exists, "$.none": absent}`, `json: {"$.items[?(@.price > 12)].name": Cup}`,
		`json_schema: {type: object, required: [items], properties: {total: {type: integer}, items: {type: array, items: {properties: {price: {type: number, minimum: 12}}}}}}`,
		`size: "> 50"`, `url: ends with /shop`, `redirects: 0`,
	} {
		t.Run(expect, func(t *testing.T) {
			pass(t, url, "http:\n  - get: ${URL}/shop\n    expect:\n      "+expect)
		})
	}
}

func TestAssertionsThatDoNotHold(t *testing.T) {
	url := serve(t, shop)
	for expect, c := range map[string]struct{ message, expected, got string }{
		`status: 404`:                             {"status: expected 404, got 200", "404", "200"},
		`latency: "< 1ns"`:                        {"latency: expected < 1ns", "< 1ns", "s"},
		`headers: {Content-Type: text/html}`:      {`header Content-Type: expected text/html, got "application/json"`, "text/html", "application/json"},
		`headers: {X-None: exists}`:               {"header X-None: expected exists, got nothing", "exists", "nothing"},
		`body: contains Mug`:                      {"body: expected contains Mug, got a text of", "contains Mug", shopJSON},
		`json: {"$.items[0].name": contains Mug}`: {`JSON $.items[0].name: expected contains Mug, got "Cup"`, "contains Mug", "Cup"},
		`json: {"$.items[0].price": "> 20"}`:      {`JSON $.items[0].price: expected > 20, got 12.5`, "> 20", "12.5"},
		`json: {"$.items[0]": "> 20"}`:            {`JSON $.items[0]: expected > 20`, "> 20", `{"name":"Cup"`},
		`json: {"$.items[3]": exists}`:            {`JSON $.items[3]: expected exists, got nothing`, "exists", "nothing"},
		`json_schema: {required: [price]}`:        {`missing property 'price'`, "inline", "missing property"},
		`json_schema: {properties: {next: {type: string}, total: {type: string}}}`: {`(and 1 more)`, "inline", "more"},
		`size: "< 10"`:            {"size: expected < 10, got 86", "< 10", "86"},
		`certificate_days: "> 1"`: {"days until the certificate expires: expected > 1, got nothing", "> 1", "nothing"},
		`url: ends with /cart`:    {"final URL: expected ends with /cart, got", "ends with /cart", "/shop"},
		`redirects: "> 0"`:        {"redirects: expected > 0, got 0", "> 0", "0"},
	} {
		t.Run(expect, func(t *testing.T) {
			failure := fail(t, url, "http:\n  - get: ${URL}/shop\n    expect:\n      "+expect, probes.FailAssertion)
			contains(t, failure.Message, c.message)
			contains(t, failure.Expected, c.expected)
			contains(t, failure.Got, c.got)
		})
	}
}

func TestJSONAssertionsOnOtherBodies(t *testing.T) {
	failure := fail(t, serve(t, text("<html>")), "http:\n  - get: ${URL}/\n    expect: {json: {$.a: 1}}", probes.FailAssertion)
	contains(t, failure.Message, "JSON $.a: expected 1", "the body is no JSON")
	if failure.Got != "<html>" {
		t.Errorf("got %q", failure.Got)
	}
}

func TestLongValuesAreNotInMessages(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	failure := fail(t, serve(t, text(`{"a":"`+long+`"}`)), "http:\n  - get: ${URL}/\n    expect: {json: {$.a: short}}", probes.FailAssertion)
	contains(t, failure.Message, "got a text of 5000 bytes")
	if len(failure.Message) > 200 || failure.Got != long {
		t.Errorf("message of %d bytes, got of %d", len(failure.Message), len(failure.Got))
	}
}

func TestConditionsOnCapturedValues(t *testing.T) {
	url := serve(t, shop)
	pass(t, url, `
http:
  - get: ${URL}/a
    capture: {name: "json $.items[0].name"}
  - get: ${URL}/b
    expect: {json: {"$.items[0].name": "${name}"}, body: "contains ${name}"}
`)
}

package checks

// form is a JSON Schema, or a part of one.
type form map[string]any

func ref(name string) form { return form{"$ref": "#/$defs/" + name} }

func listOf(item form) form { return form{"type": "array", "items": item} }

// orList is one thing or a list of them.
func orList(item form) form { return anyOf(item, listOf(item)) }

func mapOf(value form) form { return form{"type": "object", "additionalProperties": value} }

func anyOf(forms ...form) form { return form{"anyOf": forms} }

// The forms of scalars. A number, a size or a duration may also come from the
// environment, so that all of them allow a variable.
var (
	textForm = form{"type": []string{"string", "number", "boolean"}}
	// variableForm is text with a variable in it.
	variableForm  = form{"type": "string", "pattern": `\$\{`}
	boolForm      = anyOf(form{"type": "boolean"}, variableForm)
	idForm        = form{"type": "string", "pattern": identifier.String()}
	durationForm  = form{"type": "string", "pattern": `^( *[0-9.]+ *(w|d|h|m|s|ms|us|µs|ns))+ *$|\$\{`}
	percentForm   = form{"type": "string", "pattern": `^ *[0-9.]+ *% *$|\$\{`}
	sizeForm      = anyOf(form{"type": "integer", "minimum": 0}, form{"type": "string", "pattern": `^ *[0-9.]+ *([kKMG]?B|[KMG]iB)? *$|\$\{`})
	ofForm        = anyOf(form{"type": "integer", "minimum": 1}, form{"type": "string", "pattern": `^ *[0-9]+( of +[0-9]+)? *$|\$\{`})
	activeForm    = form{"type": "string", "examples": []string{"mon-fri 08:00-18:00", "22:00-06:00", "sat,sun"}}
	fieldsForm    = mapOf(orList(textForm))
	conditionForm = form{
		"description": `A comparison: 200, "< 300ms", "contains Mug", "2xx", [200, 204], exists, absent, "length > 3", or {equals: text taken as it is}.`,
		"anyOf":       []form{textForm, {"type": "null"}, listOf(textForm), ref("condition")},
	}
)

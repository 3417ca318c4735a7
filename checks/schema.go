package checks

import (
	"bytes"
	"encoding/json"
)

// Schema gives the JSON Schema (draft 2020-12) of definition files. It comes
// from the same tables as the decoder, so that both know the same keys; the
// decoder also checks what a schema cannot say.
func Schema() []byte {
	root := topObject.schema()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Outrider definitions"
	root["$defs"] = definitions()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		panic(err) // made of maps, lists and texts: it always encodes
	}
	return b.Bytes()
}

// described is an object of any type.
type described interface {
	schemaName() string
	schema() form
}

func definitions() form {
	defs := form{}
	for _, o := range []described{
		&defaultsObject, &checkObject, &audienceObject, &webhookObject,
		&retriesObject, &confirmObject, &objectiveObject, &detectionObject, &procedureObject, &maintenanceObject, &eventObject, &holidayObject, &deployObject, &loadObject, &burnRateObject,
		&thresholdsObject, &limitObject, &vitalObject,
		&httpOptionsObject, &basicObject, &requestObject, &methodURLObject, &uploadObject, &expectObject, &conditionObject,
		&browserOptionsObject, &recordingObject, &stepObject, &targetObject, &fillObject, &selectObject, &pressObject, &waitObject, &pageObject, &evaluateObject,
		&clickObject, &typeObject, &uploadFilesObject, &dragObject, &scrollObject, &dialogObject, &downloadObject, &navigationObject,
		&browserAuthObject, &cookieObject, &elementObject, &pageRequestObject, &cleanObject, &accessibleObject, &lookObject,
		&networkObject, &stubObject, &keepObject,
	} {
		defs[o.schemaName()] = o.schema()
	}
	return defs
}

func (o *object[T]) schemaName() string { return o.name }

// schema is the object's JSON Schema.
func (o *object[T]) schema() form {
	properties := form{}
	for _, k := range o.keys {
		property := form{}
		for name, v := range k.form {
			property[name] = v
		}
		property["description"] = k.doc
		properties[k.name] = property
	}
	s := form{"type": "object", "description": o.doc, "properties": properties, "additionalProperties": false}
	for name, v := range o.rules {
		s[name] = v
	}
	return s
}

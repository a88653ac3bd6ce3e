package threeds

import (
	"encoding/json"
	"unicode/utf8"
)

// Bounds of messageExtension.
const (
	maxExtensions    = 10
	maxExtensionText = 64
	maxExtensionData = 8059
)

// extensionTable is what each of the extensions has to have.
var extensionTable = []element{
	{"name", upTo(maxExtensionText), always},
	{"id", upTo(maxExtensionText), always},
	{"criticalityIndicator", boolean, always},
	{"data", object, always},
}

// extensions judges the form of messageExtension as a whole.
func extensions(rd Reader, raw json.RawMessage) ErrorCode {
	list, ok := extensionsOf(raw)
	if !ok || len(list) == 0 || len(list) > maxExtensions {
		return FormatInvalid
	}
	for _, x := range list {
		for _, e := range extensionTable {
			if x[e.name] == nil || e.is(rd, x[e.name]) != "" {
				return FormatInvalid
			}
		}
		if utf8.RuneCount(x["data"]) > maxExtensionData {
			return FormatInvalid
		}
	}
	return ""
}

func extensionsOf(raw json.RawMessage) (list []members, ok bool) {
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	for _, x := range list {
		if x == nil {
			return nil, false
		}
	}
	return list, true
}

// extensionsIncomplete names what an extension lacks.
func (m members) extensionsIncomplete() (missing []string) {
	list, _ := extensionsOf(m["messageExtension"])
	for _, e := range extensionTable {
		for _, x := range list {
			if x[e.name] == nil {
				missing = append(missing, "messageExtension."+e.name)
				break
			}
		}
	}
	return missing
}

// criticalExtensions gives the ids of those that we would have to understand.
// We understand none.
func (m members) criticalExtensions() (ids []string) {
	list, _ := extensionsOf(m["messageExtension"])
	for _, x := range list[:min(len(list), maxExtensions)] {
		if string(x["criticalityIndicator"]) == "true" {
			id := x.text("id")
			if n := utf8.RuneCountInString(id); n == 0 || n > maxExtensionText {
				id = "messageExtension"
			}
			ids = append(ids, id)
		}
	}
	return ids
}

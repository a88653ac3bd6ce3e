package threeds

import (
	"encoding/json"
	"errors"
	"strings"

	"rocketbank/internal/rail/strictjson"
)

// Reader reads messages on behalf of one component. The package's own Parse
// functions are those of a production ACS.
type Reader struct {
	// Component signs the Erro messages; "" is the ACS.
	Component Component
	// LoopbackHTTP lets addresses be http on this very machine, which a demo
	// needs and nobody else.
	LoopbackHTTP bool
}

// members are the elements of one message as they came.
type members map[string]json.RawMessage

// element is one row of a message's table.
type element struct {
	name string
	is   form
	need func(members) bool // nil: optional
}

// form judges a value: "" when it is right, else the code that says why not.
type form func(rd Reader, raw json.RawMessage) ErrorCode

func always(members) bool { return true }

// read takes a body apart and holds it against the table of its message.
func (rd Reader) read(body []byte, want MessageType, table []element) (members, *Erro) {
	m, bad := rd.members(body, want)
	if bad != nil {
		return nil, bad
	}
	if bad := rd.typeAndVersion(m, want); bad != nil {
		return nil, m.about(bad)
	}
	var missing []string
	for _, e := range table {
		if e.need != nil && m[e.name] == nil && e.need(m) {
			missing = append(missing, e.name)
		}
	}
	missing = append(missing, m.extensionsIncomplete()...)
	if len(missing) > 0 {
		return nil, m.about(rd.erro(ElementMissing, want, missing...))
	}
	if unknown := m.criticalExtensions(); len(unknown) > 0 {
		return nil, m.about(rd.erro(ExtensionUnknown, want, unknown...))
	}
	wrong := map[ErrorCode][]string{}
	for _, e := range table {
		if raw := m[e.name]; raw != nil {
			if code := e.is(rd, raw); code != "" {
				wrong[code] = append(wrong[code], e.name)
			}
		}
	}
	for _, code := range []ErrorCode{FormatInvalid, ISOCodeInvalid, MCCInvalid} {
		if names := wrong[code]; len(names) > 0 {
			return nil, m.about(rd.erro(code, want, names...))
		}
	}
	return m, nil
}

// members reads the outer object and refuses what two readers could read
// differently.
func (rd Reader) members(body []byte, want MessageType) (members, *Erro) {
	if len(body) > MaxBody {
		return nil, rd.erro(MessageInvalid, want, "message longer than 65536 bytes")
	}
	var m members
	err := strictjson.DecodeOpen(body, &m)
	var why *strictjson.Error
	switch {
	case err == nil && m == nil: // null
		return nil, rd.erro(MessageInvalid, want, "message is not a JSON object")
	case err == nil && nesting(body) > MaxNesting:
		return nil, m.about(rd.erro(FormatInvalid, want, "message is nested too deep"))
	case err == nil:
		return m, nil
	case errors.As(err, &why) && why.Reason == strictjson.Duplicate:
		// Which transaction it is about may still be plain.
		if json.Unmarshal(body, &m) == nil {
			delete(m, why.Field)
		}
		return nil, m.about(rd.erro(ElementDuplicate, want, why.Field))
	case errors.As(err, &why) && why.Reason == strictjson.TooDeep:
		return nil, rd.erro(FormatInvalid, want, "message is nested too deep")
	default:
		return nil, rd.erro(MessageInvalid, want, "message is not a JSON object")
	}
}

// typeAndVersion comes before everything else: of another message or version
// we know no table.
func (rd Reader) typeAndVersion(m members, want MessageType) *Erro {
	if raw := m["messageType"]; raw != nil {
		s, ok := text(raw)
		if !ok || s == "" {
			return rd.erro(FormatInvalid, want, "messageType")
		}
		if MessageType(s) != want {
			about := MessageType(s)
			if !about.known() {
				about = want
			}
			return rd.erro(MessageInvalid, about, "messageType")
		}
	}
	if raw := m["messageVersion"]; raw != nil {
		s, ok := text(raw)
		if !ok || !versionForm(s) {
			return rd.erro(FormatInvalid, want, "messageVersion")
		}
		if s != Version {
			return rd.erro(VersionNotSupported, want, Version)
		}
	}
	return nil
}

func (t MessageType) known() bool {
	switch t {
	case TypeAReq, TypeARes, TypeCReq, TypeCRes, TypeRReq, TypeRRes, TypePReq, TypePRes, TypeErro:
		return true
	}
	return false
}

func (rd Reader) erro(code ErrorCode, about MessageType, detail ...string) *Erro {
	from := rd.Component
	if from == "" {
		from = ACS
	}
	return NewErro(from, code, about, strings.Join(detail, ","))
}

// about puts the transaction's numbers into an Erro, those that can be read.
func (m members) about(e *Erro) *Erro {
	e.SDKTransID = m.id("sdkTransID")
	return e.About(m.id("threeDSServerTransID"), m.id("dsTransID"), m.id("acsTransID"))
}

func (m members) text(name string) string {
	s, _ := text(m[name])
	return s
}

// id gives a transaction's number if it has the form of one.
func (m members) id(name string) string {
	if s := m.text(name); uuid(s) {
		return s
	}
	return ""
}

// fill decodes the elements of the table, and no others, into a struct. The
// standard decoder takes "ACCTNUMBER" for "acctNumber": of the message's own
// elements such a stranger never gets there, and within an element
// strictjson refuses it.
func (m members) fill(table []element, into any) (wrong string) {
	ours := make(members, len(table))
	for _, e := range table {
		if raw := m[e.name]; raw != nil {
			ours[e.name] = raw
		}
	}
	b, err := wire(ours)
	if err != nil {
		return "message"
	}
	var why *strictjson.Error
	if err := strictjson.DecodeOpen(b, into); errors.As(err, &why) && why.Field != "" {
		wrong, _, _ = strings.Cut(why.Field, ".")
		return wrong
	} else if err != nil {
		return "message"
	}
	return ""
}

// text reads a JSON text that says the same to every reader: no NUL or other
// control letter, no half of a surrogate pair.
func text(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) != nil || !printable(s) {
		return "", false
	}
	return s, true
}

// nesting counts how deep a right JSON document goes.
func nesting(body []byte) (deepest int) {
	depth, inText := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

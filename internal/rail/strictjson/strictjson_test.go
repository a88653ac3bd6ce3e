package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/rail/strictjson"
)

type card struct {
	Number string `json:"number"`
	Month  int    `json:"exp_month"`
}

type base struct {
	Kind string `json:"kind"`
}

type order struct {
	base
	Amount int64            `json:"amount"`
	Card   *card            `json:"card,omitempty"`
	Tags   []card           `json:"tags"`
	Extra  map[string]card  `json:"extra"`
	Any    any              `json:"any"`
	At     time.Time        `json:"at"`
	Raw    json.RawMessage  `json:"raw"`
	Hidden string           `json:"-"`
	Counts map[string]int64 `json:"counts"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for name, c := range map[string]struct {
		in, reason, field string
		open              bool // what the open manner says differs
	}{
		"whole":                  {in: `{"amount":5,"card":{"number":"4","exp_month":1},"kind":"x","at":"2026-11-22T10:00:00Z"}`},
		"empty object":           {in: `{}`},
		"null":                   {in: `null`},
		"blanks around":          {in: " \n{} \t"},
		"any and raw are free":   {in: `{"any":{"x":[{"y":1}]},"raw":{"z":1}}`},
		"map members":            {in: `{"extra":{"one":{"number":"1"}},"counts":{"a":1,"b":2}}`},
		"nothing":                {in: ``, reason: "bad_json"},
		"cut":                    {in: `{"amount":5`, reason: "bad_json"},
		"no quotes":              {in: `{amount:5}`, reason: "bad_json"},
		"a form":                 {in: `phone=1`, reason: "bad_json"},
		"a word and more":        {in: `nullx`, reason: "trailing_data"},
		"comma too many":         {in: `{"amount":5,}`, reason: "bad_json"},
		"NaN":                    {in: `{"amount":NaN}`, reason: "bad_json"},
		"two values":             {in: `{} {}`, reason: "trailing_data"},
		"rubbish after":          {in: `{}x`, reason: "trailing_data"},
		"closing after":          {in: `{}}`, reason: "trailing_data"},
		"unknown":                {in: `{"amount":5,"fee":1}`, reason: "unknown_field", field: "fee", open: true},
		"unknown inside":         {in: `{"card":{"pan":"4"}}`, reason: "unknown_field", field: "card.pan", open: true},
		"unknown in a list":      {in: `{"tags":[{"pan":"4"}]}`, reason: "unknown_field", field: "tags.pan", open: true},
		"unknown in a map":       {in: `{"extra":{"one":{"pan":"4"}}}`, reason: "unknown_field", field: "extra.one.pan", open: true},
		"hidden field":           {in: `{"Hidden":"x"}`, reason: "unknown_field", field: "Hidden", open: true},
		"other case":             {in: `{"Amount":5}`, reason: "unknown_field", field: "Amount"},
		"other case and right":   {in: `{"amount":5,"AMOUNT":6}`, reason: "unknown_field", field: "AMOUNT"},
		"Kelvin sign for k":      {in: "{\"\u212aind\":\"x\"}", reason: "unknown_field", field: "\u212aind"},
		"twice":                  {in: `{"amount":5,"amount":5}`, reason: "duplicate_field", field: "amount"},
		"twice, one escaped":     {in: `{"amount":5,"\u0061mount":6}`, reason: "duplicate_field", field: "amount"},
		"twice inside":           {in: `{"card":{"number":"4","number":"5"}}`, reason: "duplicate_field", field: "card.number"},
		"twice in a free shape":  {in: `{"any":{"x":1,"x":2}}`, reason: "duplicate_field", field: "any.x"},
		"text for number":        {in: `{"amount":"5"}`, reason: "wrong_type", field: "amount"},
		"fraction":               {in: `{"amount":5.5}`, reason: "wrong_type", field: "amount"},
		"exponent":               {in: `{"amount":1e9}`, reason: "wrong_type", field: "amount"},
		"beyond 64 bits":         {in: `{"amount":92233720368547758070}`, reason: "wrong_type", field: "amount"},
		"list for object":        {in: `[]`, reason: "wrong_type"},
		"number for object":      {in: `{"card":7}`, reason: "wrong_type", field: "card"},
		"no time":                {in: `{"at":"yesterday"}`, reason: "wrong_type"},
		"too deep":               {in: `{"any":` + deep + `}`, reason: "too_deep", field: "any"},
		"broken UTF-8":           {in: "{\"kind\":\"\xff\"}", reason: "bad_utf8"},
		"long unknown name":      {in: `{"` + strings.Repeat("я", 200) + `":1}`, reason: "unknown_field", field: strings.Repeat("я", 50) + "…", open: true},
		"unclosed list":          {in: `{"tags":[`, reason: "bad_json"},
		"name without its value": {in: `{"amount"}`, reason: "bad_json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o order
			check(t, strictjson.Decode([]byte(c.in), &o), c.reason, c.field)
			o = order{}
			if c.open {
				check(t, strictjson.DecodeOpen([]byte(c.in), &o), "", "")
			} else {
				check(t, strictjson.DecodeOpen([]byte(c.in), &o), c.reason, c.field)
			}
		})
	}
}

func check(t *testing.T, err error, reason, field string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var e *strictjson.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s", err, reason)
	}
	if string(e.Reason) != reason || e.Field != field {
		t.Fatalf("got %s at %q, want %s at %q", e.Reason, e.Field, reason, field)
	}
}

func TestDecodeFills(t *testing.T) {
	t.Parallel()
	var o order
	if err := strictjson.Decode([]byte(`{"amount":500000,"card":{"number":"42","exp_month":12},"kind":"k"}`), &o); err != nil {
		t.Fatal(err)
	}
	if o.Amount != 500000 || o.Card == nil || o.Card.Number != "42" || o.Card.Month != 12 || o.Kind != "k" {
		t.Fatalf("got %+v", o)
	}
}

// FuzzDecode: whatever Decode accepts, the standard decoder accepts too, and
// nothing makes it panic or hang.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"amount":1,"card":{"number":"4"}}`, `{"any":[[{}]]}`, `{"amount":1,"amount":2}`, "\xff", `{"kind":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b order
		if strictjson.Decode(data, &a) != nil {
			return
		}
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatalf("accepted %q: %v", data, err)
		}
		if err := strictjson.DecodeOpen(data, &b); err != nil {
			t.Fatalf("the open manner refused what the strict one took: %v", err)
		}
	})
}

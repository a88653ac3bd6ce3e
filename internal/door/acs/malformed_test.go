package acs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"rocketbank/internal/base/tier"
	"rocketbank/internal/door/acs"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

// yes is a bank that takes every question that gets through the door.
type yes struct {
	acs.Bank
	err error
}

func (b yes) Answer(_ context.Context, a threeds.AReq) (threeds.ARes, *threeds.Erro, error) {
	if b.err != nil {
		return threeds.ARes{}, nil, b.err
	}
	res, err := threeds.BuildARes(a, threeds.ARes{ACSTransID: "375d90ad-3873-498b-9133-380cbbc8d99d", ReferenceNumber: "R", OperatorID: "O", Status: threeds.Denied, Reason: threeds.NoCardRecord})
	return res, nil, err
}

// breakage is one way to break a message, and the code it has to get.
type breakage struct {
	name, code string
	do         func(r *rand.Rand, m map[string]any) string
}

func breakages() []breakage {
	write := func(m map[string]any) string {
		b, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	pick := func(r *rand.Rand, m map[string]any) string {
		names := slices.Sorted(maps.Keys(m))
		return names[r.IntN(len(names))]
	}
	optional := []string{"threeDSRequestorChallengeInd", "transType", "browserJavascriptEnabled"}
	return []breakage{
		{"an element missing", "201", func(r *rand.Rand, m map[string]any) string {
			name := pick(r, m)
			for slices.Contains(optional, name) {
				name = pick(r, m)
			}
			delete(m, name)
			return write(m)
		}},
		{"an element empty", "203", func(r *rand.Rand, m map[string]any) string { m[pick(r, m)] = ""; return write(m) }},
		{"an element null", "203", func(r *rand.Rand, m map[string]any) string { m[pick(r, m)] = nil; return write(m) }},
		{"an element of another type", "203", func(r *rand.Rand, m map[string]any) string { m[pick(r, m)] = []any{r.IntN(9)}; return write(m) }},
		{"an element far too long", "203", func(r *rand.Rand, m map[string]any) string {
			name := pick(r, m)
			for name == "messageType" {
				name = pick(r, m)
			}
			m[name] = strings.Repeat("я", 3000)
			return write(m)
		}},
		{"an element twice", "204", func(r *rand.Rand, m map[string]any) string {
			name := pick(r, m)
			value, _ := json.Marshal(m[name])
			return strings.TrimSuffix(write(m), "}") + fmt.Sprintf(",%q:%s}", name, value)
		}},
		{"another version", "102", func(r *rand.Rand, m map[string]any) string {
			m["messageVersion"] = fmt.Sprintf("%d.%d.%d", 3+r.IntN(7), r.IntN(10), r.IntN(10))
			return write(m)
		}},
		{"another message", "101", func(r *rand.Rand, m map[string]any) string {
			m["messageType"] = []string{"ARes", "CReq", "RReq", "RRes", "PReq", "XReq", "areq"}[r.IntN(7)]
			return write(m)
		}},
		{"a currency unlisted", "304", func(r *rand.Rand, m map[string]any) string {
			m["purchaseCurrency"] = []string{"000", "999", "955", "964", "001", "900"}[r.IntN(6)]
			return write(m)
		}},
		{"a country unlisted", "304", func(r *rand.Rand, m map[string]any) string {
			m["merchantCountryCode"] = fmt.Sprint(900 + r.IntN(100))
			return write(m)
		}},
		{"a category unlisted", "306", func(r *rand.Rand, m map[string]any) string {
			m["mcc"] = fmt.Sprintf("0%03d", r.IntN(700))
			return write(m)
		}},
		{"an extension that is critical", "202", func(r *rand.Rand, m map[string]any) string {
			m["messageExtension"] = []any{map[string]any{"name": "n", "id": fmt.Sprint("A", r.IntN(1000)), "criticalityIndicator": true, "data": map[string]any{"a": "b"}}}
			return write(m)
		}},
		{"cut off", "101", func(r *rand.Rand, m map[string]any) string { s := write(m); return s[:r.IntN(len(s)-1)] }},
		{"a bracket flipped", "101", func(r *rand.Rand, m map[string]any) string {
			s := write(m)
			return []string{s[1:], s + "}", "[" + s + "]", s + s, "(" + s[1:], s[:len(s)-1] + "]"}[r.IntN(6)]
		}},
		{"a byte that is no letter", "101", func(r *rand.Rand, m map[string]any) string {
			s := []byte(write(m))
			s[r.IntN(len(s))] = 0xFF
			return string(s)
		}},
		{"too long", "101", func(r *rand.Rand, m map[string]any) string {
			m["zzz"] = strings.Repeat("x", threeds.MaxBody+r.IntN(10_000))
			return write(m)
		}},
		{"too deep", "203", func(r *rand.Rand, m map[string]any) string {
			n := 17 + r.IntN(2000)
			return strings.TrimSuffix(write(m), "}") + `,"zzz":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}"
		}},
		{"noise", "101", func(r *rand.Rand, _ map[string]any) string {
			b := make([]byte, r.IntN(200))
			for i := range b {
				b[i] = byte(r.IntN(256)) | 0x80
			}
			return string(b)
		}},
	}
}

// Ten thousand messages, each broken in one way: an Erro with the right code,
// never a status of our own, never a 5xx.
func TestMalformedQuestions(t *testing.T) {
	t.Parallel()
	h := frontOf(t, yes{})
	if rec := postAReq(h, areqExample); !strings.Contains(rec.Body.String(), `"ARes"`) {
		t.Fatalf("the right one: %s", rec.Body)
	}
	r := rand.New(rand.NewPCG(4, 2026))
	all := breakages()
	wrong := 0
	for i := range tier.Count(10_000, 10_000, 1_000_000) {
		b := all[i%len(all)]
		var m map[string]any
		if err := json.Unmarshal([]byte(areqExample), &m); err != nil {
			t.Fatal(err)
		}
		body := b.do(r, m)
		rec := postAReq(h, body)
		e, ok := threeds.ParseErro(rec.Body.Bytes())
		if rec.Code != http.StatusOK || !ok || string(e.Code) != b.code || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			if t.Errorf("%s: %d %s, want %s to %.300q", b.name, rec.Code, rec.Body, b.code, body); wrong > 20 {
				t.FailNow()
			}
			wrong++
		}
	}
}

// An Erro is never answered by an Erro; what breaks at the bank is told in the
// protocol's words as well, and who is not the directory gets nowhere.
func TestQuestionsAroundTheMessage(t *testing.T) {
	t.Parallel()
	erro := threeds.NewErro(threeds.DirectoryServer, threeds.FormatInvalid, threeds.TypeARes, "eci").Encode()
	if rec := postAReq(frontOf(t, yes{}), string(erro)); rec.Code != http.StatusNoContent || rec.Body.Len() != 0 {
		t.Errorf("an Erro was answered: %d %s", rec.Code, rec.Body)
	}
	rec := postAReq(frontOf(t, yes{err: errors.New("the database is gone")}), areqExample)
	if e, ok := threeds.ParseErro(rec.Body.Bytes()); rec.Code != http.StatusOK || !ok || e.Code != threeds.TransientFailure || e.DSTransID != "d65e93c3-35ab-41ba-b307-767bfc19eae3" || strings.Contains(rec.Body.String(), "database") {
		t.Errorf("broken: %d %s", rec.Code, rec.Body)
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"} {
		r := httptest.NewRequest(http.MethodPost, origin+"/acs/areq", strings.NewReader(areqExample))
		r.Header.Set("Content-Type", kind)
		rec := httptest.NewRecorder()
		frontOf(t, yes{}).ServeHTTP(rec, r)
		if e, ok := threeds.ParseErro(rec.Body.Bytes()); rec.Code != http.StatusOK || !ok || e.Code != threeds.MessageInvalid {
			t.Errorf("%q: %d %s", kind, rec.Code, rec.Body)
		}
	}
	front, err := web.New(web.Options{Origin: origin, CrossSite: acs.CrossSite()})
	if err != nil {
		t.Fatal(err)
	}
	kit, err := ui.NewKit(ui.DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	guarded := acs.New(acs.Deps{Front: front, Kit: kit, Bank: yes{}, Peer: func(*http.Request) error { return errors.New("no certificate") }}).Handler()
	if e, ok := threeds.ParseErro(postAReq(guarded, areqExample).Body.Bytes()); !ok || e.Code != threeds.AccessDenied {
		t.Errorf("a stranger: %+v", e)
	}
}

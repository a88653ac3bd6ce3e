package api_test

import (
	"bytes"
	"maps"
	"mime/multipart"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/api"
)

// ofNewcomers tells the routes that take an application's secret, or none.
func ofNewcomers(rt api.Route) bool { return rt.Tag == "applications" }

// methodsOf lists what a path may be asked with.
func methodsOf(d *api.Door, path string) (out []string) {
	for _, rt := range d.Routes() {
		if rt.Path == path {
			out = append(out, rt.Method)
		}
	}
	return out
}

// started begins an application and gives its secret.
func (w *world) started(p phone.Number) string {
	w.Helper()
	r := w.post("", "/applications", obj{"phone": p.E164()})
	if r.status != 201 || !strings.HasPrefix(r.text("token"), "ra_") {
		w.Fatalf("start: %d %s", r.status, r.raw)
	}
	return r.text("token")
}

// proved begins an application and gives the code; the ticket opens its status.
func (w *world) proved(p phone.Number) (token, ticket string) {
	w.Helper()
	token = w.started(p)
	r := w.post(token, "/application/code", obj{"code": w.Code(p)})
	if r.status != 200 || !strings.HasPrefix(r.text("status_token"), "rs_") {
		w.Fatalf("code: %d %s", r.status, r.raw)
	}
	return token, r.text("status_token")
}

func (w *world) put(token, path string, body any) reply {
	w.Helper()
	return w.do(ask{method: "PUT", path: "/api/v1" + path, token: token, body: body})
}

// steps are the bodies of a whole questionnaire.
func steps(p phone.Number) map[string]obj {
	e := p.E164()
	return map[string]obj{
		"/application/name":     {"last": "Соколова", "first": "Анна", "middle": "Петровна", "birth_date": "17.05.1990"},
		"/application/contact":  {"email": "anna@example.com"},
		"/application/passport": {"series": "45 10", "number": e[len(e)-6:], "department": "770-001", "issued_by": "ОВД Замоскворечье", "issued_on": "2010-06-20", "birth_place": "г. Москва"},
		"/application/address":  {"post_code": "119017", "region": "77", "city": "Москва", "street": "Большая Ордынка", "house": "17", "flat": "5"},
		"/application/delivery": {"way": "virtual"},
		"/application/word":     {"code_word": accesstest.CodeWord, "consents": obj{"terms": true, "personal_data": true, "marketing": true}},
	}
}

// filled fills a questionnaire in, and sends both pages: one bare, one in a form.
func (w *world) filled(token string, p phone.Number) {
	w.Helper()
	for path, body := range steps(p) {
		if r := w.put(token, path, body); r.status != 200 {
			w.Fatalf("%s: %d %s", path, r.status, r.raw)
		}
	}
	if r := w.upload(token, "main", "image/jpeg", accesstest.Photo(1)); r.status != 200 || r.body["have"] != true {
		w.Fatalf("main: %d %s", r.status, r.raw)
	}
	kind, body := form(w, "file", "scan.png", accesstest.Photo(2))
	if r := w.upload(token, "registration", kind, body); r.status != 200 || r.body["have"] != true {
		w.Fatalf("registration: %d %s", r.status, r.raw)
	}
}

func (w *world) upload(token, page, kind string, body []byte) reply {
	w.Helper()
	return w.do(ask{method: "PUT", path: "/api/v1/application/pages/" + page, token: token, media: kind, body: body})
}

func form(w *world, field, name string, file []byte) (kind string, body []byte) {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile(field, name)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		w.Fatal(err)
	}
	if err := m.Close(); err != nil {
		w.Fatal(err)
	}
	return m.FormDataContentType(), b.Bytes()
}

// From the phone to an approval, with a page taken again on the way: a program
// meets the same rooms as the cabinet.
func TestCardIsOrderedByAProgram(t *testing.T) {
	each(t, func(w *world) {
		me := accesstest.Phone(1)
		start := w.post("", "/applications", obj{"phone": "8 (916) 555-00-01"})
		if start.status != 201 || start.text("phone") != me.Masked() || start.text("code_expires_at") == "" || start.text("resend_at") == "" {
			w.Fatalf("%d %s", start.status, start.raw)
		}
		token := start.text("token")
		w.problem(w.get(token, "/application"), 401, "api.application_unproved")
		wrong := w.post(token, "/application/code", obj{"code": accesstest.Other(w.Code(me))})
		w.problem(wrong, 422, "access.wrong_code")
		if wrong.text("field") != "code" {
			w.Errorf("field %q", wrong.text("field"))
		}
		w.problem(w.post(token, "/application/code/again", nil), 429, "access.resend_early")
		w.Wait(2 * time.Minute)
		old := w.Code(me)
		if r := w.post(token, "/application/code/again", nil); r.status != 200 || r.text("token") != "" {
			w.Errorf("another code: %d %s", r.status, r.raw)
		}
		if w.Code(me) == old {
			w.Error("no other code was sent")
		}
		first := w.post(token, "/application/code", obj{"code": w.Code(me)})
		if first.status != 200 || first.text("state") != "draft" || first.text("next") != "name" || first.text("phone") != me.E164() {
			w.Fatalf("%d %s", first.status, first.raw)
		}
		ticket := first.text("status_token")
		if again := w.post(token, "/application/code", obj{"code": w.Code(me)}); again.status != 200 || again.text("status_token") != ticket || again.text("id") != first.text("id") {
			w.Errorf("the code twice: %d %s", again.status, again.raw)
		}
		w.problem(w.post(token, "/application/submit", nil), 422, "application.empty")

		w.filled(token, me)
		whole := w.get(token, "/application")
		if whole.text("next") != "review" || whole.text("name.last") != "Соколова" || whole.text("passport.series") != "4510" || whole.text("name.birth_date") != "17.05.1990" ||
			whole.body["has_code_word"] != true || strings.Contains(whole.raw, accesstest.CodeWord) {
			w.Errorf("%s", whole.raw)
		}
		// The same again changes nothing.
		for path, body := range steps(me) {
			if r := w.put(token, path, body); r.status != 200 || !reflect.DeepEqual(without(r.body, "expires_at"), without(whole.body, "expires_at")) {
				w.Errorf("%s again: %d\n%s\n%s", path, r.status, r.raw, whole.raw)
			}
		}
		// On another device the same phone goes on with the same application.
		second, _ := w.proved(me)
		if r := w.get(second, "/application"); r.text("id") != first.text("id") || r.text("name.last") != "Соколова" {
			w.Errorf("on another device: %d %s", r.status, r.raw)
		}
		shown := w.get(token, "/application/pages/main")
		if shown.status != 200 || shown.header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(shown.raw, "\xff\xd8\xff") {
			w.Errorf("the picture: %d %v", shown.status, shown.header)
		}

		for range 2 {
			if r := w.post(token, "/application/submit", nil); r.status != 200 || r.text("state") != "submitted" || r.text("status.promised_at") == "" {
				w.Fatalf("submit: %d %s", r.status, r.raw)
			}
		}
		late := w.put(token, "/application/contact", obj{})
		w.problem(late, 409, "application.sent")
		if late.text("title") == "Ключ уже использован" {
			w.Error("a conflict of state is told as one of keys")
		}

		key, err := id.Parse(application.Prefix, first.text("id"))
		if err != nil {
			w.Fatal(err)
		}
		manager := accesstest.Manager
		must := func(err error) {
			if err != nil {
				w.Helper()
				w.Fatal(err)
			}
		}
		must(w.Apply.Take(ctx, manager, key))
		call, err := w.Apply.BeginCall(ctx, manager, key, true)
		must(err)
		for name, secret := range map[string]string{"secret": token, "ticket": ticket} {
			if r := w.get(secret, "/application/status"); r.status != 200 || r.text("state") != "call_due" || r.text("phrase") != call.Phrase || call.Phrase == "" {
				w.Errorf("the %s during a call: %d %s", name, r.status, r.raw)
			}
		}
		must(w.Apply.RecordCall(ctx, manager, key, call.ID, application.Reached, w.DB.Now(), ""))
		if r := w.get(ticket, "/application/status"); r.text("phrase") != "" {
			w.Errorf("the phrase outlives its call: %s", r.raw)
		}
		must(w.Apply.AskRetake(ctx, manager, key, []application.Retaken{{Page: application.PageMain, Why: "blurred", Note: "Не видно номера"}}))
		asked := w.get(ticket, "/application/status")
		if r := asked.body["retakes"].([]any); asked.text("state") != "retake" || len(r) != 1 || r[0].(obj)["page"] != "main" || r[0].(obj)["note"] != "Не видно номера" || r[0].(obj)["why"] == "" {
			w.Errorf("%s", asked.raw)
		}
		w.problem(w.upload(token, "registration", "image/jpeg", accesstest.Photo(3)), 409, "application.sent")
		if r := w.upload(token, "main", "application/octet-stream", accesstest.Photo(4)); r.status != 200 || r.text("retake") != "" {
			w.Errorf("the page again: %d %s", r.status, r.raw)
		}
		if r := w.post(token, "/application/submit", obj{}); r.status != 200 || r.text("state") != "submitted" {
			w.Fatalf("submit again: %d %s", r.status, r.raw)
		}
		w.Approve(key)
		if r := w.get(ticket, "/application/status"); r.text("state") != "approved" || r.text("decided_at") == "" {
			w.Errorf("%s", r.raw)
		}
		w.problem(w.post(token, "/application/withdraw", nil), 409, "application.sent")
		// Approved, not yet logged in: the phone leads to the approved application.
		third, _ := w.proved(me)
		if r := w.get(third, "/application/status"); r.text("state") != "approved" {
			w.Errorf("%s", r.raw)
		}
	})
}

// without leaves members of an answer out.
func without(body obj, names ...string) obj {
	out := maps.Clone(body)
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// All that is wrong with a step comes at once, under the members' own names, and
// nothing is kept.
func TestStepsTellAllFaultsAtOnce(t *testing.T) {
	w := lite(t, unlimited)
	token, _ := w.proved(accesstest.Phone(1))
	for _, c := range []struct {
		path   string
		body   any
		fields []string
	}{
		{"name", obj{"last": "", "first": "Анна1", "birth_date": "31.02.1990"}, []string{"birth_date", "first", "last"}},
		{"name", obj{"last": "Соколова", "first": "Анна", "birth_date": "17.05.2020"}, []string{"birth_date"}},
		{"contact", obj{"email": "x"}, []string{"email"}},
		{"passport", obj{"series": "45", "number": "1", "department": "7", "issued_by": "", "issued_on": "1", "birth_place": ""}, []string{"birth_place", "department", "issued_by", "issued_on", "number", "series"}},
		{"address", obj{"post_code": "1", "region": "00", "city": "", "house": ""}, []string{"city", "house", "post_code", "region"}},
		{"delivery", obj{"way": "pigeon"}, []string{"way"}},
		{"word", obj{"code_word": "", "consents": obj{}}, []string{"code_word", "consents.personal_data", "consents.terms"}},
	} {
		r := w.put(token, "/application/"+c.path, c.body)
		if r.status != 422 {
			t.Errorf("%s: %d %s", c.path, r.status, r.raw)
			continue
		}
		w.problem(r, 422, r.text("code"))
		var fields []string
		for _, e := range r.body["errors"].([]any) {
			one := e.(obj)
			if !listed(one["code"].(string)) || one["detail"] == "" || one["detail"] == one["code"] {
				t.Errorf("%s: %v is not told", c.path, one)
			}
			fields = append(fields, one["field"].(string))
		}
		slices.Sort(fields)
		if !slices.Equal(fields, c.fields) {
			t.Errorf("%s: fields %v, want %v", c.path, fields, c.fields)
		}
	}
	if r := w.get(token, "/application"); r.text("next") != "name" || r.text("name.last") != "" || len(r.body["done"].([]any)) != 0 {
		t.Errorf("something was kept: %s", r.raw)
	}
	for name, c := range map[string]struct {
		body   any
		status int
		code   string
	}{
		"unknown member":   {`{"last":"A","first":"B","birth_date":"C","admin":true}`, 422, "api.unknown_field"},
		"member twice":     {`{"last":"A","last":"B"}`, 400, "api.duplicate_field"},
		"a number":         {`{"last":1}`, 422, "api.wrong_type"},
		"no document":      {`last=A`, 400, "api.bad_json"},
		"another document": {`{} {}`, 400, "api.trailing_data"},
	} {
		if r := w.put(token, "/application/name", c.body); r.status != c.status || r.text("code") != c.code {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	w.problem(w.put(token, "/application/word", obj{"code_word": "Барбарис", "consents": obj{"soul": true}}), 422, "api.unknown_field")
	w.problem(w.post(token, "/application/submit", obj{"force": true}), 422, "api.unknown_field")
	w.problem(w.do(ask{method: "PUT", path: "/api/v1/application/name", token: token, media: "text/plain", body: "{}"}), 415, "api.media_type")
	w.problem(w.post("", "/applications", obj{}), 422, "api.required")
	w.problem(w.post("", "/applications", obj{"phone": "12"}), 422, "phone.short")
	w.problem(w.post("", "/applications", obj{"phone": "+74951234567"}), 422, "access.not_mobile")
}

// Pages: 15 MB on this route alone, by the bytes and not by their name, with
// the refusals of the cabinet.
func TestUploadsOfAProgram(t *testing.T) {
	w := lite(t, unlimited)
	token, _ := w.proved(accesstest.Phone(1))
	photo := accesstest.Photo(1)
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	big := append(slices.Clone(photo), make([]byte, 15<<20)...)
	inForm, formed := form(w, "file", "x.svg", svg)
	other, strange := form(w, "picture", "x.jpg", photo)
	empty, none := form(w, "file", "", nil)
	huge, huger := form(w, "file", "x.jpg", big)
	for name, c := range map[string]struct {
		page, kind string
		body       []byte
		status     int
		code       string
	}{
		"no picture":           {"main", "image/jpeg", nil, 422, "scan.empty"},
		"an empty file":        {"main", empty, none, 422, "scan.empty"},
		"a drawing":            {"main", "image/jpeg", svg, 422, "scan.svg"},
		"a drawing in a form":  {"main", inForm, formed, 422, "scan.svg"},
		"a text":               {"main", "image/png", []byte("hello, bank, this is no picture"), 422, "scan.kind"},
		"cut off":              {"main", "image/jpeg", photo[:len(photo)/2], 422, "scan.broken"},
		"too large":            {"main", "image/jpeg", big, 413, "scan.big"},
		"too large, in a form": {"main", huge, huger, 413, "scan.big"},
		"no such page":         {"cover", "image/jpeg", photo, 404, "scan.missing"},
		"another part":         {"main", other, strange, 422, "api.unknown_field"},
		"JSON":                 {"main", "application/json", []byte("{}"), 415, "api.upload_media"},
		"an SVG by its kind":   {"main", "image/svg+xml", svg, 415, "api.upload_media"},
		"a form without parts": {"main", "multipart/form-data", photo, 415, "api.upload_media"},
	} {
		r := w.upload(token, c.page, c.kind, c.body)
		if r.status != c.status || r.text("code") != c.code {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
			continue
		}
		w.problem(r, c.status, c.code)
	}
	w.problem(w.get(token, "/application/pages/main"), 404, "scan.missing")
	w.problem(w.get(token, "/application/pages/cover"), 404, "scan.missing")
	// The name lies about a good picture: the bytes are believed.
	if r := w.upload(token, "main", "application/pdf", photo); r.status != 200 || r.body["small"] != true {
		t.Errorf("%d %s", r.status, r.raw)
	}
	// The same page twice is noticed, and taken.
	if r := w.upload(token, "registration", "image/jpeg", photo); r.status != 200 || r.text("same_as") != "main" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	// Elsewhere a body of that length is none.
	w.problem(w.do(ask{method: "PUT", path: "/api/v1/application/name", token: token, body: `{"last":"` + strings.Repeat("a", 70<<10) + `"}`}), 413, "api.body_too_large")
}

// A07: who types a phone learns nothing about whose it is; messages are counted (S15).
func TestStartTellsNothing(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 0)
	known, unknown := w.post("", "/applications", obj{"phone": anna.phone.E164()}), w.post("", "/applications", obj{"phone": accesstest.Phone(2).E164()})
	hide := func(r reply) obj { return without(r.body, "token", "phone") }
	if known.status != 201 || known.status != unknown.status || !reflect.DeepEqual(hide(known), hide(unknown)) || len(known.text("token")) != len(unknown.text("token")) {
		t.Errorf("%s differs from %s", known.raw, unknown.raw)
	}
	a, b := w.post(known.text("token"), "/application/code", obj{"code": "000000"}), w.post(unknown.text("token"), "/application/code", obj{"code": "000000"})
	if a.status != b.status || a.text("code") != b.text("code") || a.text("detail") != b.text("detail") {
		t.Errorf("%s differs from %s", a.raw, b.raw)
	}
	// Who has the phone in his hands may know that it is a client's.
	is := w.post(known.text("token"), "/application/code", obj{"code": w.Code(anna.phone)})
	w.problem(is, 409, "api.application_client")
	w.problem(w.get(known.text("token"), "/application"), 401, "api.application_token")
	var last reply
	for range 20 {
		if last = w.post("", "/applications", obj{"phone": accesstest.Phone(3).E164()}); last.status != 201 {
			break
		}
	}
	w.problem(last, 429, "access.too_many_sms")
	if last.header.Get("Retry-After") == "" {
		t.Error("nobody says when to come back")
	}
}

// A refusal is told with its reason, and a new application may be begun; what
// was taken back is forgotten, and taking it back twice is no fault.
func TestAfterAnApplication(t *testing.T) {
	w := lite(t, unlimited)
	p := accesstest.Phone(1)
	token, ticket := w.proved(p)
	w.filled(token, p)
	w.post(token, "/application/submit", nil)
	key, err := id.Parse(application.Prefix, w.get(token, "/application").text("id"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Apply.Take(ctx, accesstest.Manager, key); err != nil {
		t.Fatal(err)
	}
	if err := w.Apply.Refuse(ctx, accesstest.Manager, key, application.ByDocuments, "для коллег"); err != nil {
		t.Fatal(err)
	}
	st := w.do(ask{method: "GET", path: "/api/v1/application/status", token: ticket, lang: "en"})
	if st.text("state") != "refused" || st.text("reason") == "" || strings.Contains(st.raw, "для коллег") || strings.ContainsAny(st.text("reason"), "абвгде") {
		t.Errorf("%s", st.raw)
	}
	anew := w.post(token, "/application/again", nil)
	if anew.status != 200 || anew.text("state") != "draft" || anew.text("id") == key.Text(application.Prefix) || anew.text("name.last") != "" {
		t.Errorf("%d %s", anew.status, anew.raw)
	}
	for range 2 {
		if r := w.post(token, "/application/withdraw", nil); r.status != 200 || r.text("state") != "withdrawn" {
			t.Errorf("%d %s", r.status, r.raw)
		}
	}
	w.problem(w.get(token, "/application"), 404, "application.missing")
	w.problem(w.post("", "/application/withdraw", nil), 401, "api.application_token")
	// The secret is over within hours, the ticket lives on; the same phone goes
	// on where it stopped.
	w.Wait(13 * time.Hour)
	w.problem(w.get(token, "/application/status"), 401, "api.application_token")
	if r := w.get(ticket, "/application/status"); r.status != 200 {
		t.Errorf("the ticket next day: %d %s", r.status, r.raw)
	}
}

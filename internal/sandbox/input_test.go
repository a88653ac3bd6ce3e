package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBadCharges: whatever is wrong, the answer is a 4xx that says what, and
// nothing was charged.
func TestBadCharges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.card("good")
	last := time.Now().AddDate(0, -1, -2)
	valid, err := json.Marshal(w.chargeBody(good))
	if err != nil {
		t.Fatal(err)
	}
	with := func(path string, v any) string {
		b := w.chargeBody(good)
		at := b
		if name, ok := strings.CutPrefix(path, "card."); ok {
			at, path = b["card"].(map[string]any), name
		}
		at[path] = v
		if v == nil {
			delete(at, path)
		}
		raw, _ := json.Marshal(b)
		return string(raw)
	}
	raw := func(old, new string) string { return strings.Replace(string(valid), old, new, 1) }
	for name, c := range map[string]struct {
		body   string
		status int
		reason string
	}{
		"empty":                   {"", 400, "bad_json"},
		"no object":               {"[]", 422, "wrong_type"},
		"empty object":            {"{}", 422, "bad_amount"},
		"cut":                     {string(valid[:len(valid)-9]), 400, "bad_json"},
		"trailing data":           {string(valid) + "{}", 400, "trailing_data"},
		"broken UTF-8":            {raw("tu_1", "tu_\xff"), 400, "bad_utf8"},
		"unknown member":          {with("fee", 1), 400, "unknown_field"},
		"unknown member of card":  {with("card.pin", "1"), 400, "unknown_field"},
		"amount twice":            {raw(`"currency"`, `"amount_minor":1,"currency"`), 400, "duplicate_field"},
		"amount in capitals":      {raw(`amount_minor`, `AMOUNT_MINOR`), 400, "unknown_field"},
		"deep":                    {raw(`500000`, strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), 400, "too_deep"},
		"over-long":               {with("description", strings.Repeat("x", 70<<10)), 413, "too_large"},
		"nought":                  {with("amount_minor", 0), 422, "bad_amount"},
		"negative":                {with("amount_minor", -1), 422, "bad_amount"},
		"huge":                    {with("amount_minor", int64(1)<<62), 422, "bad_amount"},
		"beyond int64":            {raw("500000", "99999999999999999999"), 422, "bad_amount"},
		"1e9":                     {raw("500000", "1e9"), 422, "bad_amount"},
		"fraction":                {raw("500000", "0.5"), 422, "bad_amount"},
		"NaN":                     {raw("500000", "NaN"), 400, "bad_json"},
		"text amount":             {with("amount_minor", "500000"), 422, "bad_amount"},
		"Arabic digits":           {with("amount_minor", "٥٠"), 422, "bad_amount"},
		"no amount":               {with("amount_minor", nil), 422, "bad_amount"},
		"dollars":                 {with("currency", "USD"), 422, "bad_amount"},
		"no order":                {with("order", ""), 422, "bad_order"},
		"NUL in order":            {with("order", "tu\x00"), 422, "bad_order"},
		"long order":              {with("order", strings.Repeat("я", 65)), 422, "bad_order"},
		"long description":        {with("description", strings.Repeat("🙂", 201)), 422, "bad_description"},
		"return to a script":      {with("return_url", "javascript:alert(1)"), 422, "bad_url"},
		"return to nowhere":       {with("return_url", ""), 422, "bad_url"},
		"return with password":    {with("return_url", "http://a:b@localhost/"), 422, "bad_url"},
		"callback to a file":      {with("callback_url", "file:///etc/passwd"), 422, "bad_url"},
		"relative callback":       {with("callback_url", "/acquirer/callback"), 422, "bad_url"},
		"no card":                 {with("card", nil), 422, "bad_card"},
		"card is a text":          {with("card", good), 422, "bad_card"},
		"letters":                 {with("card.number", "42424242424242ab"), 422, "bad_card"},
		"Arabic card":             {with("card.number", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), 422, "bad_card"},
		"blanks":                  {with("card.number", "2200 0000 0000 0046"), 422, "bad_card"},
		"check digit":             {with("card.number", "2200000000000047"), 422, "bad_card"},
		"11 digits":               {with("card.number", "22000000000"), 422, "bad_card"},
		"20 digits":               {with("card.number", "22000000000000000000"), 422, "bad_card"},
		"number as a number":      {with("card.number", 2200000000000046), 422, "bad_card"},
		"no CVC":                  {with("card.cvc", ""), 422, "bad_card"},
		"CVC of letters":          {with("card.cvc", "abc"), 422, "bad_card"},
		"month 0":                 {with("card.exp_month", 0), 422, "bad_card"},
		"month 13":                {with("card.exp_month", 13), 422, "bad_card"},
		"year of two digits":      {with("card.exp_year", 28), 422, "bad_card"},
		"month as a text":         {with("card.exp_month", "12"), 422, "bad_card"},
		"long ago":                {with("card.exp_year", 2020), 422, "expired_card"},
		"last month":              {raw(fmt.Sprintf(`"exp_month":12,"exp_year":%d`, time.Now().Year()+2), fmt.Sprintf(`"exp_month":%d,"exp_year":%d`, last.Month(), last.Year())), 422, "expired_card"},
		"line break in a webhook": {with("callback_url", "http://localhost/\r\nX: y"), 422, "bad_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.must(w.order("/acquirer/charges", acqKey, "tu_bad_input", c.body))
			wantReason(t, a, c.status, c.reason)
			if strings.Contains(a.body, good) || strings.Contains(a.body, "739") {
				t.Error("the refusal repeats the card")
			}
		})
	}
	t.Cleanup(func() {
		// Runs after all of them, before the world is closed.
		if _, status := w.find("tu_bad_input"); status != http.StatusNotFound {
			t.Error("a bad order was charged")
		}
	})
}

func wantReason(t *testing.T, a answer, status int, reason string) {
	t.Helper()
	var got struct{ Error struct{ Reason string } }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	if a.status != status || got.Error.Reason != reason {
		t.Errorf("got %d %s, want %d %s", a.status, got.Error.Reason, status, reason)
	}
}

func TestBadMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := map[string]any{"to": anna, "text": "раз"}
	with := func(name string, v any) string {
		b := maps.Clone(good)
		b[name] = v
		raw, _ := json.Marshal(b)
		return string(raw)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		reason string
	}{
		"empty":          {"", 400, "bad_json"},
		"unknown member": {with("from", "bank"), 400, "unknown_field"},
		"to twice":       {`{"to":"+79165550123","to":"+79165550124","text":"x"}`, 400, "duplicate_field"},
		"no plus":        {with("to", "79165550123"), 422, "bad_number"},
		"spaces":         {with("to", "+7 916 555 01 23"), 422, "bad_number"},
		"Arabic digits":  {with("to", "+٧٩١٦٥٥٥٠١٢٣"), 422, "bad_number"},
		"number":         {with("to", 79165550123), 422, "bad_number"},
		"too long":       {with("to", "+7916555012345678"), 422, "bad_number"},
		"no text":        {with("text", " \n"), 422, "bad_text"},
		"NUL":            {with("text", "a\x00b"), 422, "bad_text"},
		"endless":        {with("text", strings.Repeat("я", 1001)), 422, "bad_text"},
		"over-long":      {with("text", strings.Repeat("я", 40<<10)), 413, "too_large"},
		"bad callback":   {with("callback_url", "gopher://x"), 422, "bad_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantReason(t, w.must(w.order("/sms/messages", smsKey, "0193-key-1", c.body)), c.status, c.reason)
		})
	}
}

func TestBadHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		reason string
	}{
		"no bearer":      {func(r *http.Request) { r.Header.Del("Authorization") }, 401, "unauthorized"},
		"other key":      {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+smsKey) }, 401, "unauthorized"},
		"no scheme":      {func(r *http.Request) { r.Header.Set("Authorization", acqKey) }, 401, "unauthorized"},
		"empty bearer":   {func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401, "unauthorized"},
		"no key":         {func(r *http.Request) { r.Header.Del("Idempotency-Key") }, 400, "bad_key"},
		"short key":      {func(r *http.Request) { r.Header.Set("Idempotency-Key", "1") }, 400, "bad_key"},
		"key of blanks":  {func(r *http.Request) { r.Header.Set("Idempotency-Key", "a b c d e f") }, 400, "bad_key"},
		"long key":       {func(r *http.Request) { r.Header.Set("Idempotency-Key", strings.Repeat("k", 65)) }, 400, "bad_key"},
		"form":           {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "bad_content_type"},
		"no kind":        {func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "bad_content_type"},
		"charset is ok":  {func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, 201, ""},
		"unknown charge": {func(r *http.Request) { r.Method = "GET"; r.URL.Path += "/tu_nothing" }, 404, "no_such_charge"},
		"GET no bearer": {func(r *http.Request) {
			r.Method = "GET"
			r.URL.Path += "/tu_nothing"
			r.Header.Del("Authorization")
		}, 401, "unauthorized"},
		"messages, no phone": {func(r *http.Request) { r.Method = "GET"; r.URL.Path = "/messages.json" }, 400, "bad_number"},
		"messages, a name":   {func(r *http.Request) { r.Method = "GET"; r.URL.Path = "/messages.json"; r.URL.RawQuery = "phone=anna" }, 400, "bad_number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := w.order("/acquirer/charges", acqKey, "tu_headers_1", w.chargeBody(w.card("good")))
			c.change(req)
			if req.Method == "GET" {
				req.Body, req.ContentLength = nil, 0
			}
			wantReason(t, w.must(req), c.status, c.reason)
		})
	}
}

// TestPagesTakeAnything: odd addresses and forms are answered with a page of
// 3xx or 4xx.
func TestPagesTakeAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendSMS("0193-key-1", anna, "раз")
	c, _ := w.charge("tu_pages_1", w.card("good"))
	long := strings.Repeat("9", 5000)
	for _, path := range []string{"/phone/abc", "/phone/7", "/phone/" + long[:200], "/3ds/nothing", "/nothing", "/static/nothing", "/phone/79165550123/nothing"} {
		if a := w.get(path); a.status != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, a.status)
		}
	}
	page := w.path(c.ActionURL)
	for _, form := range [][]string{
		{"/phone", "number", ""}, {"/phone", "number", "\x00"}, {"/phone", "number", "🙂"}, {"/phone", "number", long}, {"/phone", "number", "٧٩١٦"},
		{"/phone/79165550123/switch", "to", "🙂"}, {"/phone/79165550123/messages/x/again"},
		{"/language", "lang", "de", "back", "//evil.example"}, {"/language", "lang", "en", "back", "https://evil.example/"}, {"/language", "back", `/\evil.example`},
		{page, "code", "\x00"}, {page, "code", long}, {page}, {"/3ds/nothing", "code", "1234"}, {"/clock", "step", "year"}, {"/nothing"},
	} {
		a := w.post(form[0], form[1:]...)
		if a.status < 300 || a.status > 499 {
			t.Errorf("POST %v: %d", form, a.status)
		}
		if to := a.header.Get("Location"); strings.Contains(to, "evil") {
			t.Errorf("POST %v leads to %s", form, to)
		}
	}
	if a := w.post("/phone", "number", "8 916 555 01 23"); a.header.Get("Location") != "/phone/79165550123" {
		t.Errorf("found %s", a.header.Get("Location"))
	}
	if a := w.post("/phone", "number", "12"); a.status != 422 || !strings.Contains(a.body, `value="12"`) || !strings.Contains(a.body, "Проверьте номер") {
		t.Errorf("%d: the number typed is lost", a.status)
	}
	req, _ := http.NewRequest(http.MethodPost, w.url+page, strings.NewReader("code=%zz"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := w.must(req); a.status != http.StatusBadRequest {
		t.Errorf("broken form: %d", a.status)
	}
}

package acs_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/door/acs"
	"rocketbank/internal/rail/threeds"
)

// From the shop's question to the browser's way back, as a browser without
// scripts sees it.
func TestPurchase(t *testing.T) {
	each(t, func(w *world) {
		res := w.ask("01")
		if res.Status != threeds.Challenge || res.ACSURL != origin+acs.ChallengePath {
			w.Fatalf("%+v", res)
		}
		page := w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}, "threeDSSessionData": {"c2Vzc2lvbg"}})
		text := page.Body.String()
		for _, want := range []string{"Test Shop", "1\u00a0250,50\u00a0₽", w.number[len(w.number)-4:], "+7 916 •••-••-", "Рокетбанк", "Mastercard Identity Check", `autocomplete="one-time-code"`, "22 ноября 2026"} {
			if !strings.Contains(text, want) {
				w.Errorf("the page lacks %q", want)
			}
		}
		if page.Code != http.StatusOK || strings.Contains(text, w.number) || strings.Contains(text, w.code) || strings.Contains(text, string(w.anna.Phone)) {
			w.Errorf("%d, or the page tells a secret", page.Code)
		}
		f := fields(text)
		f.Set("act", "code")
		f.Set("code", "000000")
		wrong := w.post(actionOf(text), f)
		if wrong.Code != http.StatusUnprocessableEntity || !strings.Contains(wrong.Body.String(), "Осталось попыток: 4") || strings.Contains(wrong.Body.String(), "000000") {
			w.Errorf("a wrong code: %d %s", wrong.Code, wrong.Body)
		}
		f.Set("act", "look")
		if rec := w.post(actionOf(text), f); !strings.Contains(rec.Body.String(), "Пока не подтверждено") {
			w.Errorf("nothing is confirmed: %s", rec.Body)
		}
		f.Set("act", "en")
		english := w.post(actionOf(text), f).Body.String()
		if !strings.Contains(english, "Confirm the purchase") || fields(english).Get("lang") != "en" {
			w.Errorf("in English: %s", english)
		}
		f.Set("act", "resend")
		if rec := w.post(actionOf(text), f); rec.Code != http.StatusTooManyRequests || !strings.Contains(rec.Body.String(), "Новый можно запросить") {
			w.Errorf("too early: %d %s", rec.Code, rec.Body)
		}
		// Loaded again, with the cookie.
		if again := w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}}); again.Code != http.StatusOK || fields(again.Body.String()).Get("t") != f.Get("t") {
			w.Errorf("loaded again: %d", again.Code)
		}
		if state := w.post("/acs/challenge/state", f); strings.TrimSpace(state.Body.String()) != `{"over":false}` {
			w.Errorf("state: %s", state.Body)
		}
		// The right code, by a browser that keeps no cookies.
		w.jar = map[string]string{}
		f = fields(text)
		f.Set("code", w.code)
		f.Set("act", "code")
		back := w.post(actionOf(text), f)
		text = back.Body.String()
		if back.Code != http.StatusOK || actionOf(text) != notify || fields(text).Get("threeDSSessionData") != "c2Vzc2lvbg" || !strings.Contains(text, "Покупка подтверждена") {
			w.Fatalf("the way back: %d %s", back.Code, text)
		}
		c, bad := threeds.ParseCRes(fields(text).Get("cres"))
		if bad != nil || c.Status != threeds.Authenticated || c.ACSTransID != res.ACSTransID {
			w.Errorf("CRes %+v %v", c, bad)
		}
		if len(w.results) != 1 || w.results[0].Status != threeds.Authenticated || strings.Contains(text, w.results[0].AuthenticationValue) {
			w.Errorf("the directory was told %+v, or the browser the proof", w.results)
		}
		if state := w.post("/acs/challenge/state", f); strings.TrimSpace(state.Body.String()) != `{"over":true}` {
			w.Errorf("state: %s", state.Body)
		}
	})
}

func TestCancelAndLate(t *testing.T) {
	each(t, func(w *world) {
		res := w.ask("02")
		f := fields(w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}}).Body.String())
		f.Set("act", "cancel")
		back := w.post("/acs/challenge/submit", f).Body.String()
		if c, bad := threeds.ParseCRes(fields(back).Get("cres")); bad != nil || c.Status != threeds.Denied || fields(back).Has("threeDSSessionData") {
			w.Errorf("%+v %v %s", c, bad, back)
		}
		late := w.ask("03")
		f = fields(w.post(acs.ChallengePath, url.Values{"creq": {creq(late)}}).Body.String())
		w.Clock.Add(11 * time.Minute)
		f.Set("act", "code")
		f.Set("code", w.code)
		if back := w.post("/acs/challenge/submit", f).Body.String(); actionOf(back) != notify || !strings.Contains(back, "Покупка не подтверждена") {
			w.Errorf("too late: %s", back)
		}
	})
}

// What names no transaction of ours, or not this browser's, is a plain page
// that leads nowhere; what names one and is broken ends it.
func TestBrokenChallenges(t *testing.T) {
	each(t, func(w *world) {
		res := w.ask("04")
		broken := threeds.EncodeCReq(threeds.CReq{ServerTransID: res.ServerTransID, ACSTransID: res.ACSTransID, Window: "09"})
		stranger := threeds.EncodeCReq(threeds.CReq{ServerTransID: res.ServerTransID, ACSTransID: res.DSTransID, Window: "02"})
		for name, c := range map[string]url.Values{
			"nothing": {}, "no base64": {"creq": {"{}"}}, "another": {"creq": {stranger}}, "twice": {"creq": {creq(res), creq(res)}},
			"broken and unknown": {"creq": {threeds.EncodeCReq(threeds.CReq{ServerTransID: res.ServerTransID, ACSTransID: res.DSTransID, Window: "09"})}},
			"a way out":          {"creq": {stranger}, "notificationURL": {"https://evil.example/"}, "TermUrl": {"https://evil.example/"}},
		} {
			rec := w.post(acs.ChallengePath, c)
			if rec.Code != http.StatusBadRequest || strings.Contains(rec.Body.String(), "<form") || rec.Header().Get("Location") != "" {
				w.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			}
		}
		if len(w.results) != 0 {
			w.Fatalf("somebody was told %+v", w.results)
		}
		back := w.post(acs.ChallengePath, url.Values{"creq": {broken}})
		if back.Code != http.StatusOK || actionOf(back.Body.String()) != notify || len(w.results) != 1 || w.results[0].Cancel != threeds.CancelledByError {
			w.Errorf("broken: %d %s %+v", back.Code, back.Body, w.results)
		}
		res = w.ask("05")
		back = w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}, "threeDSSessionData": {strings.Repeat("a", 1025)}})
		if c, bad := threeds.ParseCRes(fields(back.Body.String()).Get("cres")); bad != nil || c.Status != threeds.Denied || fields(back.Body.String()).Has("threeDSSessionData") {
			w.Errorf("long session data: %s", back.Body)
		}
		// Another browser has no part in it.
		res = w.ask("06")
		page := w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}}).Body.String()
		w.jar = map[string]string{}
		if rec := w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}}); rec.Code != http.StatusBadRequest {
			w.Errorf("another browser: %d", rec.Code)
		}
		f := fields(page)
		f.Set("t", "x")
		f.Set("act", "code")
		f.Set("code", w.code)
		if rec := w.post("/acs/challenge/submit", f); rec.Code != http.StatusBadRequest {
			w.Errorf("another token: %d", rec.Code)
		}
		for _, act := range []string{"drop", "CODE", "notificationURL"} {
			f := fields(page)
			f.Set("act", act)
			if rec := w.post("/acs/challenge/submit", f); rec.Code != http.StatusBadRequest {
				w.Errorf("act %q: %d", act, rec.Code)
			}
		}
	})
}

// The 3DS Method leaves a cookie, remembers the browser and goes back by
// itself; a shop that it met before need not challenge a small purchase.
func TestMethod(t *testing.T) {
	each(t, func(w *world) {
		const server = "6afa6072-9412-446b-9673-2f98b3ee98a2"
		data := threeds.MethodData{ServerTransID: server, NotificationURL: "https://3dss.example/method"}
		rec := w.post(acs.MethodPath, url.Values{"threeDSMethodData": {data.Encode()}})
		text := rec.Body.String()
		if id, err := threeds.ParseMethodResult(fields(text).Get("threeDSMethodData")); rec.Code != http.StatusOK || err != nil || id != server || actionOf(text) != "https://3dss.example/method" {
			w.Errorf("%d %s", rec.Code, text)
		}
		cookie := rec.Result().Cookies()[0]
		if !cookie.Secure || !cookie.HttpOnly || !cookie.Partitioned || cookie.SameSite != http.SameSiteNoneMode || !strings.HasPrefix(cookie.Name, "__Host-") || cookie.Path != "/" {
			w.Errorf("cookie %+v", cookie)
		}
		if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://3dss.example;") || !strings.Contains(csp, "frame-ancestors https:") {
			w.Errorf("policy %s", csp)
		}
		r := httptest.NewRequest(http.MethodGet, origin+acs.MethodPath+"?threeDSMethodData="+data.Encode(), nil)
		got := httptest.NewRecorder()
		w.h.ServeHTTP(got, r)
		if got.Code != http.StatusOK {
			w.Errorf("GET: %d", got.Code)
		}
		for _, bad := range []string{"", "x", threeds.MethodData{ServerTransID: server, NotificationURL: "http://3dss.example/"}.Encode()} {
			if rec := w.post(acs.MethodPath, url.Values{"threeDSMethodData": {bad}}); rec.Code != http.StatusBadRequest || strings.Contains(rec.Body.String(), "<form") {
				w.Errorf("%q: %d", bad, rec.Code)
			}
		}
	})
}

// A page of a challenge may be framed by the shop that asked and by nobody
// else, and its forms lead home or back to that shop.
func TestPolicies(t *testing.T) {
	each(t, func(w *world) {
		res := w.ask("07")
		rec := w.post(acs.ChallengePath, url.Values{"creq": {creq(res)}})
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; " +
				"form-action 'self' https://shop.example; frame-ancestors https://shop.example https://www.shop.example",
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "", "Referrer-Policy": "strict-origin",
		} {
			if got := rec.Header().Get(name); got != want {
				w.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		cookie := rec.Result().Cookies()[0]
		if !cookie.Secure || !cookie.HttpOnly || !cookie.Partitioned || cookie.SameSite != http.SameSiteNoneMode || cookie.MaxAge != 0 {
			w.Errorf("cookie %+v", cookie)
		}
		if body := rec.Body.String(); strings.Contains(body, cookie.Value) || strings.Contains(body, "<script>") || strings.Contains(body, "style=") || strings.Contains(body, " on") && strings.Contains(body, "onclick") {
			w.Error("the page holds its cookie or inline code")
		}
	})
}

// The routes that other sites post to are those of the list, and no others.
func TestCrossSiteRoutes(t *testing.T) {
	t.Parallel()
	h := frontOf(t, nil)
	open := acs.CrossSite()
	for _, path := range []string{"/acs/areq", acs.ChallengePath, acs.MethodPath, "/acs/challenge/submit", "/acs/challenge/state", "/static/x", "/healthz", "/"} {
		r := httptest.NewRequest(http.MethodPost, origin+path, strings.NewReader("a=%zz"))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if got, want := rec.Code == http.StatusBadRequest, slices.Contains(open, "POST "+path); got != want {
			t.Errorf("%s: %d, want open %v", path, rec.Code, want)
		}
	}
	for _, way := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/healthz", 200}, {"GET", "/", 404}, {"GET", "/acs/areq", 405}, {"GET", acs.ChallengePath, 405}, {"PUT", acs.MethodPath, 405}, {"GET", "/acs/challenge/submit", 405}, {"GET", "/home", 404},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(way.method, origin+way.path, nil))
		if rec.Code != way.want {
			t.Errorf("%s %s: %d, want %d", way.method, way.path, rec.Code, way.want)
		}
	}
}

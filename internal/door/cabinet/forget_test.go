package cabinet_test

import (
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/id"
)

// A stolen phone: ending its session leaves it a known device, forgetting it
// makes it a strange one that shows nobody's name and takes no passcode. Only
// the device in one's own hands is told to clear its storage (W07).
func TestForgetADevice(t *testing.T) {
	each(t, func(w *world) {
		p, stranger := w.person(1, 0), w.person(2, 0)
		stolen := w.browser()
		entry, err := w.Access.FinishLogin(ctx, w.Proved(p.phone), accesstest.Passcode, accesstest.Home)
		if err != nil {
			t.Fatal(err)
		}
		stolen.cookie("__Host-rb", entry.SessionToken.Reveal())
		stolen.cookie("__Host-rbd", entry.DeviceToken.Reveal())
		stolen.get("/home").is(200)
		dv := entry.Session.Device.Text("dv")

		p.post("/profile/devices", url.Values{"end": {dv}}).to("/profile/devices")
		stolen.get("/login").is(200).has("Анна")

		if page := p.get("/profile/devices").is(200); !strings.Contains(page.body, `name="forget" value="`+dv+`" formmethod="get"`) {
			t.Error("no way to forget the device")
		}
		for _, none := range []string{(id.ID{9}).Text("dv"), "dv_x", "🚀", "cl_" + dv[3:]} {
			p.get("/profile/devices?forget=" + url.QueryEscape(none)).is(404)
			p.post("/profile/devices", url.Values{"forget": {none}}).is(404)
		}
		stranger.get("/profile/devices?forget=" + dv).is(404)
		stranger.post("/profile/devices", url.Values{"forget": {dv}}).is(404)
		w.browser().post("/profile/devices", url.Values{"forget": {dv}}).to("/login")
		p.get("/profile/devices?forget="+dv).is(200).has("Забыть это устройство", "код из SMS").form("/profile/devices")
		stolen.get("/login").is(200).has("Анна") // asking changes nothing

		done := p.post("/profile/devices", url.Values{"forget": {dv}})
		done.to("/profile/devices")
		if got := done.header.Get("Clear-Site-Data"); got != "" {
			t.Errorf("another device was forgotten and this one is told to clear %s", got)
		}
		if page := p.get("/profile/devices").is(200).has("Устройство забыли"); strings.Contains(page.body, dv) {
			t.Error("still listed")
		}
		if strings.Contains(stolen.get("/login").is(200).body, "Анна") {
			t.Error("the stolen device still shows the name")
		}
		stolen.post("/login/passcode", url.Values{"passcode": {accesstest.Passcode}}).to("/login")
		stolen.get("/home").to("/login")
		p.post("/profile/devices", url.Values{"forget": {dv}}).is(404)

		// The device in one's own hands.
		own, err := w.Access.Devices(ctx, p.id, entry.Session)
		if err != nil || len(own) != 1 {
			t.Fatal(own, err)
		}
		mine := own[0].ID.Text("dv")
		p.get("/profile/devices?forget=" + mine).is(200).has("Вы выйдете из кабинета")
		out := p.post("/profile/devices", url.Values{"forget": {mine}})
		out.to("/login")
		if got := out.header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
			t.Errorf("Clear-Site-Data: %s", got)
		}
		gone := map[string]bool{}
		for _, c := range out.cookie {
			gone[c.Name] = c.MaxAge < 0
		}
		if !gone["__Host-rb"] || !gone["__Host-rbd"] {
			t.Error("the cookies stay:", out.cookie)
		}
		if strings.Contains(p.get("/login").is(200).has("Устройство забыли").body, "Анна") {
			t.Error("the forgotten device still shows the name")
		}
		p.get("/home").to("/login")
	})
}

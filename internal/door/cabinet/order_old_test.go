package cabinet_test

import (
	"net/url"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
)

// A client who was taken on by the short registration fills the questionnaire
// in from his cabinet; afterwards nothing more is asked.
func TestClientOfTheOldWayFillsTheQuestionnaireIn(t *testing.T) {
	each(t, func(w *world) {
		p := accesstest.Phone(1)
		who := w.OldClient(p, "Анна", "Соколова")
		me := w.browser()
		me.post("/login", url.Values{"phone": {p.E164()}}).to("/login/code")
		me.post("/login/code", url.Values{"code": {w.Code(p)}}).to("/login/passcode")
		me.post("/login/passcode", url.Values{"passcode": {accesstest.Passcode}, "way": {"flow"}}).to("/home")

		me.get("/order").to("/order/resume")
		me.get("/order/resume").to("/order/person")
		if got := me.get("/order/person").is(200).form("/order/person").Get("last"); got != "Соколова" {
			t.Errorf("the bank knows him, and the form says %q", got)
		}
		me.filled(goodPassport)
		me.post("/order/submit", url.Values{}).to("/order/status")
		key := me.get("/order/status").is(200).has("Заявка у нас").application()
		w.browser().get("/order/status").to("/order")
		w.reached(key)
		done, err := w.Apply.Approve(ctx, manager{}, key, application.Checks())
		if err != nil {
			t.Fatal(err)
		}
		if done.Client != who {
			t.Errorf("approved as client %d, he is %d", done.Client, who)
		}
		me.get("/order/status").is(200).has("Анкета принята")
		me.get("/order/resume").to("/order/status")
		me.get("/home").is(200)
		if wanted, err := w.Apply.Wanted(ctx, who); err != nil || wanted {
			t.Errorf("asked again: %v %v", wanted, err)
		}
	})
}

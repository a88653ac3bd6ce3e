package acs

import (
	"net/http"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

// maxMethodForm bounds the form of the 3DS Method.
const maxMethodForm = 8 << 10

// method is the 3DS Method: a hidden frame of the shop's page, in which the
// bank meets the browser before it is asked. It leaves a cookie, notes for
// which purchase, and sends the frame back to say that it is done.
func (d *Door) method(w http.ResponseWriter, r *http.Request) error {
	field := r.URL.Query().Get("threeDSMethodData")
	if r.Method == http.MethodPost {
		form, err := web.ReadForm(w, r, maxMethodForm)
		if err != nil {
			return err
		}
		if faults := form.Faults(); len(faults) > 0 {
			return web.ErrForm.Because(faults[0])
		}
		field = form.Get("threeDSMethodData")
	}
	data, err := d.reader.ParseMethodData(field)
	if err != nil {
		return web.ErrForm.Because(err)
	}
	cookie := remember(w, r, deviceCookie, deviceLife)
	if err := d.Bank.SeeBrowser(r.Context(), data.ServerTransID, cookie); err != nil && fault.CodeOf(err) != fault.Missing {
		// The purchase can do without; the shop must not wait.
		d.Log.ErrorContext(r.Context(), "3-D Secure: note a browser", "request", web.VisitOf(r).ID, "err", err)
	}
	anyone := []string{"https:"}
	if d.LoopbackHTTP {
		anyone = append(anyone, "http://127.0.0.1:*", "http://localhost:*")
	}
	return d.render(w, r, http.StatusOK, policy{forms: origins(data.NotificationURL), frames: anyone}, leavePage(leaveView{
		Page: d.page(r, ""), Action: data.NotificationURL, Silent: true,
		Fields: []ui.Hidden{{Name: "threeDSMethodData", Value: threeds.MethodData{ServerTransID: data.ServerTransID}.Encode()}},
	}))
}

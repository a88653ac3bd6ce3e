package sandbox

import (
	"net/http"
	"strings"
)

// pageData is the 3-D Secure page: what is paid, to whom, from which card.
type pageData struct {
	charge
	Merchant string
	SMSCode  string // what the other bank's SMS says
	Path     string
	Left     int // tries left
	Wrong    bool
}

// getThreeDS asks for the code. A charge that has come to its end sends the
// browser back to the shop, so that «back» and a second tab do no harm.
func (d *door) getThreeDS(w http.ResponseWriter, r *http.Request) error {
	c, ok := d.acquirer.findByToken(r.PathValue("token"))
	if !ok {
		return refuse(http.StatusNotFound, "no_such_page", "")
	}
	if c.State != actionRequired {
		return seeOther(w, r, c.ReturnURL)
	}
	data := pageData{
		charge: c, Merchant: d.cfg.Merchant, SMSCode: codeOf(c.Kind), Path: r.URL.Path,
		Left: maxCodeTries - c.Tries, Wrong: c.Tries > 0,
	}
	if data.SMSCode == "" {
		data.SMSCode = "0000" // the card no code is right for still gets one
	}
	letReturn(w, c.ReturnURL)
	return d.show(w, r, http.StatusOK, "threeds.html", "sandbox.threeds.title", data)
}

// postThreeDS judges a code; a wrong one leads to the page again.
func (d *door) postThreeDS(w http.ResponseWriter, r *http.Request) error {
	code := strings.TrimSpace(r.PostFormValue("code"))
	return d.stepThreeDS(w, r, func(c charge) charge { return c.enter(code) })
}

// postThreeDSCancel gives up.
func (d *door) postThreeDSCancel(w http.ResponseWriter, r *http.Request) error {
	return d.stepThreeDS(w, r, charge.cancel)
}

func (d *door) stepThreeDS(w http.ResponseWriter, r *http.Request, move func(charge) charge) error {
	token := r.PathValue("token")
	c, err := d.acquirer.step(token, move)
	if err != nil {
		return err
	}
	if c.State == actionRequired {
		return seeOther(w, r, "/3ds/"+token)
	}
	letReturn(w, c.ReturnURL)
	return seeOther(w, r, c.ReturnURL)
}

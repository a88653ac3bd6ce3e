package cabinet

import (
	"encoding/json"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/web"
)

// freshProof takes whichever fresh proof a form brings: a passkey's answer, or
// the passcode.
func (d *Door) freshProof(w http.ResponseWriter, r *http.Request) (access.Proof, error) {
	c := of(r)
	if answer := c.form.Get("passkey"); answer != "" {
		ok, err := d.Access.ConfirmPasskey(r.Context(), c.session, c.form.Get("ref"), []byte(answer))
		if err != nil {
			return access.Proof{}, err
		}
		web.SetCookie(w, sessionCookie, ok.SessionToken.Reveal(), 0)
		return ok.Proof, nil
	}
	proof, err := d.stepUp(w, r, c.form.Get("passcode"))
	return proof, at(err, "passcode")
}

// hasPasskeys tells whether a page may offer a passkey beside the passcode.
func (d *Door) hasPasskeys(r *http.Request) (bool, error) {
	all, err := d.Access.Passkeys(r.Context(), of(r).session.Client)
	return len(all) > 0, err
}

// postAsk starts a step-up by passkey.
func (d *Door) postAsk(w http.ResponseWriter, r *http.Request) error {
	options, ref, err := d.Access.BeginPasskeyStepUp(r.Context(), of(r).session)
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, ref)
}

// scriptRefusal tells the script of a ceremony why there is none, in the
// reader's words.
func (d *Door) scriptRefusal(w http.ResponseWriter, r *http.Request, err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	b, jerr := json.Marshal(struct {
		Error string `json:"error"`
	}{d.page(r).P.Fault(f)})
	if jerr != nil {
		return jerr
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(web.Status(err))
	_, _ = w.Write(b)
	return nil
}

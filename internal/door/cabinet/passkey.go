package cabinet

import (
	"encoding/json"
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/web"
)

// ceremony is what the browser's script needs to ask for a passkey.
func ceremony(w http.ResponseWriter, options json.RawMessage, ref string) error {
	b, err := json.Marshal(struct {
		Options json.RawMessage `json:"options"`
		Ref     string          `json:"ref,omitempty"`
	}{options, ref})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // a reader who has gone is told nothing
	return nil
}

// postPasskeyBegin starts a login by a passkey, whoever's it is.
func (d *Door) postPasskeyBegin(w http.ResponseWriter, r *http.Request) error {
	options, ref, err := d.Access.BeginPasskeyLogin(r.Context(), visitorOf(r))
	if err != nil {
		return err
	}
	return ceremony(w, options, ref)
}

// postPasskey ends it: on a device of his own, or on one that becomes new.
func (d *Door) postPasskey(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	next := f.Get("next")
	if faults := f.Faults(); len(faults) > 0 {
		return faults[0]
	}
	device := web.Cookie(r, deviceCookie)
	entry, err := d.Access.FinishPasskeyLogin(r.Context(), f.Get("ref"), []byte(f.Get("passkey")), device, visitorOf(r))
	if err == nil {
		if err := d.letIn(w, r, entry); err != nil {
			return err
		}
		return seeOther(w, r, onward(next))
	}
	if t, ok := until(err); ok && errors.Is(err, access.ErrPaused) {
		return d.renderLocked(w, r, t)
	}
	if !web.OnForm(err) && !isUnproved(err) && fault.CodeOf(err) != fault.Missing {
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	known, kerr := d.Access.KnownDevice(r.Context(), device)
	if kerr == nil {
		return d.renderKnown(w, r, web.Status(err), known, next, errors.Is(err, access.ErrProof), problems)
	}
	if !errors.Is(kerr, access.ErrNoDevice) {
		return kerr
	}
	return d.renderLoginPhone(w, r, web.Status(err), "", next, problems)
}

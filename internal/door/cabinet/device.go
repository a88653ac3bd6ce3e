package cabinet

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// proofField is the last field of a form that a keyed device sends: what the
// header Device-Proof carries where a script sends the request itself. The
// proof covers the body before it.
const proofField = "device_proof"

// cutProof takes the proof off the end of a form.
func cutProof(raw []byte) (body []byte, proof string) {
	at := bytes.LastIndex(raw, []byte(proofField+"="))
	if at < 0 || at > 0 && raw[at-1] != '&' || bytes.IndexByte(raw[at:], '&') >= 0 {
		return raw, ""
	}
	text, err := url.QueryUnescape(string(raw[at+len(proofField)+1:]))
	if err != nil {
		return raw, ""
	}
	return raw[:max(0, at-1)], text
}

// prove lets an unsafe request of a keyed device through only with the proof
// that this very device sent it: its cookie alone is worth nothing. Each proof
// keeps the session's cookie alive, and replaces it now and then.
func (d *Door) prove(w http.ResponseWriter, r *http.Request, c *call) error {
	p, err := access.ParseProof(c.proof, r.Method, r.RequestURI, c.body)
	if err != nil {
		return err
	}
	renewed, err := d.Access.Prove(r.Context(), c.session, p)
	if err != nil {
		return err
	}
	c.session = renewed.Session
	if !renewed.SessionToken.Empty() {
		web.SetCookie(w, sessionCookie, renewed.SessionToken.Reveal(), 0)
	}
	return nil
}

// offerNonce gives every answer to a keyed device the nonce of its next request.
func (d *Door) offerNonce(w http.ResponseWriter, c *call) {
	if c.inside && c.session.Kind == access.Keyed {
		c.device = ui.Device{
			Code: access.DeviceCode(c.session.Key(), c.session.Device), Nonce: d.Access.Nonce(c.session.Device),
			Left: max(time.Second, c.session.CookieEnds.Sub(d.Now())),
		}
		w.Header().Set(access.NonceHeader, c.device.Nonce)
	}
}

// unproved answers a request that the device's key did not sign. A script signs
// again over the fresh nonce; who sent a plain form gets a page that loses
// nothing typed where it can be kept, and offers to log in.
func (d *Door) unproved(w http.ResponseWriter, r *http.Request, rt route, c *call, why error) error {
	if r.Header.Get(access.ProofHeader) != "" || htmx(r) {
		status := web.Status(why)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		return nil
	}
	v := UnprovedView{Page: d.page(r), Again: homeOf(r), Stale: errors.Is(why, access.ErrStaleNonce)}
	if rt.keep != nil {
		v.Again, v.Kept = rt.keep(r)
	}
	if back, ok := web.LocalPath(v.Again); ok {
		v.Again = back
	} else {
		v.Again = "/home"
	}
	return d.render(w, r, http.StatusForbidden, UnprovedPage(v))
}

// isUnproved tells whether an error is about the proof of a request, rather
// than about the session or the bank.
func isUnproved(err error) bool {
	return errors.Is(err, access.ErrProof) || errors.Is(err, access.ErrStaleNonce)
}

// getNonce gives the device that asks the nonce of its next signature.
func (d *Door) getNonce(w http.ResponseWriter, r *http.Request) error {
	if c := of(r); !c.inside {
		known, err := d.Access.KnownDevice(r.Context(), web.Cookie(r, deviceCookie))
		if err != nil && fault.CodeOf(err) != fault.Unauthenticated {
			return err
		}
		if err == nil && known.Kind == access.Keyed {
			w.Header().Set(access.NonceHeader, d.Access.Nonce(known.Device))
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// postRenew is an empty request: its proof is what renews the session's cookie.
func (d *Door) postRenew(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

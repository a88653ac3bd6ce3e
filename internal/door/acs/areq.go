package acs

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

// answerIn is how long the directory is kept waiting: it gives up after five
// seconds or little more.
const answerIn = 4500 * time.Millisecond

// postAReq answers a shop's question. Whatever is wrong with it is told in the
// protocol's own words under status 200; only an Erro gets no answer at all.
func (d *Door) postAReq(w http.ResponseWriter, r *http.Request) error {
	if d.Peer != nil {
		if err := d.Peer(r); err != nil {
			d.Log.WarnContext(r.Context(), "3-D Secure: a question from a stranger", "request", web.VisitOf(r).ID, "err", err)
			d.erro(w, threeds.NewErro(threeds.ACS, threeds.AccessDenied, threeds.TypeAReq, "certificate"))
			return nil
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, threeds.MaxBody+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		d.erro(w, threeds.NewErro(threeds.ACS, threeds.MessageInvalid, threeds.TypeAReq, "message longer than 65536 bytes"))
		return nil
	case err != nil:
		d.erro(w, threeds.NewErro(threeds.ACS, threeds.MessageInvalid, threeds.TypeAReq, "message is cut off"))
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		d.erro(w, threeds.NewErro(threeds.ACS, threeds.MessageInvalid, threeds.TypeAReq, "Content-Type"))
		return nil
	}
	a, bad := d.reader.ParseAReq(body)
	if bad != nil {
		if said, ok := threeds.ParseErro(body); ok {
			d.Log.WarnContext(r.Context(), "3-D Secure: the directory refuses", "request", web.VisitOf(r).ID, "err", said.Error())
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		d.erro(w, bad)
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerIn)
	defer cancel()
	res, bad, err := d.Bank.Answer(ctx, a)
	if err != nil {
		d.Log.ErrorContext(r.Context(), "3-D Secure: answer a question", "request", web.VisitOf(r).ID, "err", err)
		bad = threeds.NewErro(threeds.ACS, threeds.TransientFailure, threeds.TypeAReq, "try again later").About(a.ServerTransID, a.DSTransID, "")
	}
	if bad != nil {
		d.erro(w, bad)
		return nil
	}
	out, err := res.Encode()
	if err != nil {
		return err
	}
	message(w, out)
	return nil
}

func (d *Door) erro(w http.ResponseWriter, e *threeds.Erro) { message(w, e.Encode()) }

func message(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // a directory that has hung up asks again
}

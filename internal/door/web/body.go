package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// ReadBody reads the whole body of a request, at most max bytes of it, and puts
// it back, for a door that must know what was signed before anybody reads it.
func ReadBody(w http.ResponseWriter, r *http.Request, max int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, ErrTooLarge
		}
		return nil, ErrForm.Because(err)
	}
	PutBody(r, raw)
	return raw, nil
}

// PutBody makes raw the body of a request.
func PutBody(r *http.Request, raw []byte) {
	r.Body = io.NopCloser(bytes.NewReader(raw))
	r.ContentLength = int64(len(raw))
}

package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// worthPacking is the size from which a page is compressed.
const worthPacking = 1024

var packers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, 6)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

// WriteHTML answers with a finished page. It is compressed where the browser
// takes it and the request came from our own pages: what another site makes a
// browser ask for is never packed together with a client's data, so its length
// tells nothing.
func WriteHTML(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Encoding")
	if len(page) >= worthPacking && r.Header.Get("Sec-Fetch-Site") != "cross-site" && takesGzip(r.Header.Get("Accept-Encoding")) {
		var packed bytes.Buffer
		z := packers.Get().(*gzip.Writer)
		z.Reset(&packed)
		_, err := z.Write(page)
		if err == nil {
			err = z.Close()
		}
		packers.Put(z)
		if err == nil { // a buffer refuses nothing; were it so, the plain page goes out
			h.Set("Content-Encoding", "gzip")
			page = packed.Bytes()
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page) // the reader has gone; nothing to tell him
	}
}

func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, param, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.ReplaceAll(param, " ", "") != "q=0"
		}
	}
	return false
}

package cabinet

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"rocketbank/internal/door/web"
)

// getOffline is the page the worker keeps for when there is no network. It has
// nothing personal in it and may be kept.
func (d *Door) getOffline(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	if err := OfflinePage(OfflineView{Page: d.page(r)}).Render(r.Context(), &b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	w.Header().Set("Cache-Control", "no-cache")
	web.WriteHTML(w, r, http.StatusOK, b.Bytes())
	return nil
}

// getFavicon answers browsers that ask for an icon without reading the page.
func (d *Door) getFavicon(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.Redirect(w, r, d.Kit.URL("logo.svg"), http.StatusMovedPermanently)
	return nil
}

// getHealth tells that the process answers at all.
func (d *Door) getHealth(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // nobody to tell when the asker has gone
	return nil
}

// getReady tells whether people may be sent here: the database answers and the
// book takes transactions. Why not stands in the log alone.
func (d *Door) getReady(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	err := d.DB.Ping(r.Context())
	if err == nil && d.Book != nil {
		err = d.Book.Healthy()
	}
	select {
	case <-d.Stopping:
		err = fmt.Errorf("shutting down")
	default:
	}
	if err != nil {
		d.Log.WarnContext(r.Context(), "not ready", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("not ready\n"))
		return nil
	}
	_, _ = w.Write([]byte("ok\n"))
	return nil
}

func (d *Door) getManifest(w http.ResponseWriter, r *http.Request) error {
	d.Kit.Manifest(w, d.page(r).P)
	return nil
}

func (d *Door) getWorker(w http.ResponseWriter, _ *http.Request) error {
	d.Kit.Worker(w)
	return nil
}

// download answers with a file to be kept.
func download(w http.ResponseWriter, kind, name string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a reader who has gone is told nothing
	return nil
}

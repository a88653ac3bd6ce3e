package cabinet

import "net/http"

// getReceiptKeys publishes the bank's receipt keys, so that anybody can check a
// receipt without asking the bank about it.
func (d *Door) getReceiptKeys(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, err := w.Write(d.Orders.PublicKeys())
	return err
}

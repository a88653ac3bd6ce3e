package cabinet

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"rocketbank/internal/bank/order"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// verifyBody bounds what may be brought to be checked: a receipt, and what a
// form puts around it.
const verifyBody = order.MaxReceipt + 16<<10

func (d *Door) getVerify(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, VerifyPage(VerifyView{Page: d.shown(w, r)}))
}

// postVerify checks a receipt for anybody, against the bank's own keys. Nothing
// of it is kept.
func (d *Door) postVerify(w http.ResponseWriter, r *http.Request) error {
	v := VerifyView{Page: d.page(r)}
	raw, err := readReceipt(w, r)
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		v.Errors = ui.Errors{{Field: "receipt", Text: v.P.T("cabinet.verify.nothing")}}
		return d.render(w, r, http.StatusUnprocessableEntity, VerifyPage(v))
	}
	v.Checked = true
	report, err := order.Verify(raw, d.Orders.Keys())
	if err != nil {
		var flaw order.Flaw
		if !errors.As(err, &flaw) {
			return err
		}
		v.Flaw = string(flaw)
		return d.render(w, r, http.StatusUnprocessableEntity, VerifyPage(v))
	}
	v.Text, v.By, v.Kind, v.At, v.KeyID = report.Order.Text, report.Evidence.By, string(report.Evidence.Kind), report.At, report.KeyID
	v.Lines = readable(v.Page, report.Order)
	return d.render(w, r, http.StatusOK, VerifyPage(v))
}

// readReceipt takes the file or the pasted text.
func readReceipt(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		form, err := web.ReadForm(w, r, verifyBody)
		return []byte(strings.TrimSpace(form.Get("receipt"))), err
	}
	if _, err := web.ReadBody(w, r, verifyBody); err != nil {
		return nil, err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, web.ErrForm.Because(err)
	}
	var text []byte
	for range 4 {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, web.ErrForm.Because(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return nil, web.ErrForm.Because(err)
		}
		switch {
		case part.FormName() == "file" && len(body) > 0:
			return body, nil
		case part.FormName() == "receipt":
			text = []byte(strings.TrimSpace(string(body)))
		}
	}
	return text, nil
}

// readable names the lines of an order in the reader's words; a line that has
// no name keeps its own.
func readable(p ui.Page, o order.Parsed) []VerifyLine {
	out := make([]VerifyLine, 0, len(o.Lines))
	for _, l := range o.Lines {
		value := l.Value
		if words := "cabinet.order_what." + strings.ToLower(strings.ReplaceAll(l.Value, " ", "_")); l.Name == "what" && p.P.Has(words) {
			value = p.P.T(words)
		}
		out = append(out, VerifyLine{Name: lineName(p, l.Name), Value: value})
	}
	return out
}

// lineName is a line's name in the reader's words; its own where we have none.
func lineName(p ui.Page, name string) string {
	if key := "cabinet.order_line." + strings.ReplaceAll(name, " ", "_"); p.P.Has(key) {
		return p.P.T(key)
	}
	return name
}

package cabinet

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// fail is the one way from an error to a page: the status from the table, the
// words from the catalogue, the request's identifier for support. What is no
// refusal of ours is told to the log alone.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	v := web.VisitOf(r)
	status := web.Status(err)
	if r.Context().Err() != nil && status >= 500 {
		if d.left(r) {
			d.Log.InfoContext(r.Context(), "the visitor left", "id", v.ID, "route", v.Route)
			w.WriteHeader(statusLeft)
			return
		}
		status = http.StatusServiceUnavailable // we are closing
	}
	f, told := fault.As(err)
	if status >= 500 {
		d.Log.ErrorContext(r.Context(), "request failed", "id", v.ID, "route", v.Route, "err", err)
	}
	page := ErrorView{Page: d.page(r), Status: status, RequestID: v.ID, RetryIn: d.retryIn(err)}
	if told && status != http.StatusInternalServerError {
		page.Errors = ui.Errors{{Text: page.P.Fault(f)}}
	}
	if page.RetryIn > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((page.RetryIn+time.Second-1)/time.Second)))
	}
	if err := d.render(w, r, status, ErrorPage(page)); err != nil {
		d.Log.ErrorContext(r.Context(), "the error page does not render", "id", v.ID, "err", err)
		http.Error(w, strconv.Itoa(status)+" "+v.ID, status)
	}
}

// statusLeft is what servers log for a visitor who hung up; nobody gets it.
const statusLeft = 499

// left tells whether the visitor hung up before the answer, as a page does
// with the price of a sum that is being typed on.
func (d *Door) left(r *http.Request) bool {
	select {
	case <-d.Stopping:
		return false
	default:
		return errors.Is(r.Context().Err(), context.Canceled)
	}
}

func (d *Door) retryIn(err error) time.Duration {
	if t, ok := until(err); ok {
		return max(time.Second, t.Sub(d.Now()))
	}
	var f *fault.Error
	if errors.As(err, &f) {
		if wait, ok := f.Args["wait"].(time.Duration); ok {
			return wait
		}
	}
	return 0
}

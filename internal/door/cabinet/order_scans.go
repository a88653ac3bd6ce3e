package cabinet

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

const (
	// uploadBody is how long the one multipart body may be: a file and what a
	// browser puts around it.
	uploadBody = scan.MaxBytes + 64<<10
	// uploadIn is how long a slow phone may take for it.
	uploadIn = 4 * time.Minute
	// swallowed is how much of a body that is too long is still read, so that
	// the browser gets to see the answer.
	swallowed = 48 << 20
)

func (d *Door) getScans(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestScans)
	if !ok {
		return err
	}
	return d.render(w, r, http.StatusOK, ScansPage(scansView(d.shown(w, r), a)))
}

func scansView(p ui.Page, a application.View) ScansView {
	v := ScansView{QuestView: questOf(p, QuestScans, a), Retaking: a.State == application.Retake}
	for _, pv := range a.Pages {
		s := shotOf(p, pv, a.Status.Retakes)
		s.Kept = v.Retaking && s.Ask == ""
		v.Shots = append(v.Shots, s)
	}
	return v
}

// shotOf tells one page of the passport: what is there and what is odd about it.
func shotOf(p ui.Page, pv application.PageView, asked []application.Retaken) Shot {
	s := Shot{Page: pv.Page.Name()}
	if pv.Have {
		// The picture's own id: it tells nothing of what is on it, and is a new
		// one when the page is taken again.
		s.Thumb = "/order/scans/" + pv.Scan.ID.Text(scan.Prefix)
		switch {
		case pv.SameAs != 0:
			s.Trouble = p.P.T("cabinet.scans.same", locale.A("page", p.P.T("cabinet.scans."+pv.SameAs.Name())))
		case pv.Scan.Blurred():
			s.Trouble = p.P.T("cabinet.scans.blurred")
		case pv.Scan.Small():
			s.Trouble = p.P.T("cabinet.scans.small")
		}
	}
	if pv.Retake != "" {
		s.Ask = p.P.T(pv.Retake)
	}
	for _, r := range asked {
		if r.Page == pv.Page && r.Note != "" && s.Ask != "" {
			s.Ask += " " + r.Note
		}
	}
	return s
}

// postScans takes one photo. The body is read as it comes: the page's name
// first, then the file, which goes straight to where it is looked at.
func (d *Door) postScans(w http.ResponseWriter, r *http.Request) error {
	page, whole, err := d.takePhoto(w, r, func(page application.Page, file upload) error {
		_, err := d.Applications.Upload(r.Context(), holder(r), page, file)
		return err
	})
	switch {
	case err == nil:
		d.prolong(w, r)
		return seeOther(w, r, "/order/scans")
	case fault.CodeOf(err) == fault.Broken:
		return err
	}
	swallow(w, whole)
	if !web.OnForm(err) || page == 0 {
		return d.lost(w, r, err)
	}
	a, ok, verr := d.at(w, r, QuestScans)
	if !ok {
		return verr
	}
	v := scansView(d.page(r), a)
	problems, broken := explain(v.P, at(err, "file_"+page.Name()))
	if broken != nil {
		return broken
	}
	v.Errors = problems
	for i, s := range v.Shots {
		v.Shots[i].Problem = problems.For("file_" + s.Page)
	}
	return d.render(w, r, web.Status(err), ScansPage(v))
}

// upload is the file of a form, as it comes.
type upload = *multipart.Part

// takePhoto reads a form of one page and its photo and hands the file over;
// whole is the body as far as it was not read.
func (d *Door) takePhoto(w http.ResponseWriter, r *http.Request, take func(application.Page, upload) error) (page application.Page, whole io.Reader, err error) {
	slow := http.NewResponseController(w)
	if err := errors.Join(slow.SetReadDeadline(time.Now().Add(uploadIn)), slow.SetWriteDeadline(time.Now().Add(2*uploadIn))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, nil, err
	}
	whole = r.Body
	r.Body = http.MaxBytesReader(w, r.Body, uploadBody)
	page, err = readPhoto(r, take)
	return page, whole, err
}

// swallow reads on in a body that was refused, as far as is bearable, so that
// the browser gets to see the answer.
func swallow(w http.ResponseWriter, whole io.Reader) {
	if _, err := io.Copy(io.Discard, io.LimitReader(whole, swallowed)); err != nil {
		w.Header().Set("Connection", "close")
	}
}

func readPhoto(r *http.Request, take func(application.Page, upload) error) (application.Page, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return 0, web.ErrMedia
	}
	var page application.Page
	for range 8 { // no form of ours has more parts
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return page, uploadFault(err)
		}
		switch part.FormName() {
		case "page":
			name, err := io.ReadAll(io.LimitReader(part, 64))
			if err != nil {
				return 0, uploadFault(err)
			}
			var ok bool
			if page, ok = application.ParsePage(string(name)); !ok {
				return 0, web.ErrNotFound
			}
		case "file":
			switch {
			case page == 0:
				return 0, web.ErrForm
			case part.FileName() == "":
				return page, scan.ErrEmpty // a form sent without choosing a file
			}
			return page, uploadFault(take(page, part))
		}
	}
	if page == 0 {
		return 0, web.ErrForm
	}
	return page, scan.ErrEmpty
}

// uploadFault puts the network's own words into ours.
func uploadFault(err error) error {
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return scan.ErrBig
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return scan.ErrBroken
	}
	return err
}

// getScan gives a sent page to who sent it, small and written anew, as a file
// and never as a page of ours (W10).
func (d *Door) getScan(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, scan.Prefix)
	if err != nil {
		return err
	}
	picture, err := d.Applications.ThumbOf(r.Context(), holder(r), which)
	switch fault.CodeOf(err) {
	case fault.Unauthenticated, fault.Missing, fault.Conflict:
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	return picturefile(w, r, which, picture)
}

// picturefile answers with a picture that may be kept and not be run.
func picturefile(w http.ResponseWriter, r *http.Request, which id.ID, picture []byte) error {
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	h.Set("Content-Disposition", `attachment; filename="`+which.Text(scan.Prefix)+`.jpg"`)
	if r.Method != http.MethodHead {
		_, _ = w.Write(picture) // a reader who has gone is told nothing
	}
	return nil
}

// postScansDone goes on when every page is there; a retake is sent by it.
func (d *Door) postScansDone(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestScans)
	if !ok {
		return err
	}
	v := scansView(d.page(r), a)
	for i, s := range v.Shots {
		if s.Thumb == "" {
			v.Shots[i].Problem = v.P.T("cabinet.scans.need", locale.A("page", s.title(v.Page)))
			v.Errors = append(v.Errors, ui.Problem{Field: "file_" + s.Page, Text: v.Shots[i].Problem})
		}
	}
	if v.Errors.Any() {
		return d.render(w, r, http.StatusUnprocessableEntity, ScansPage(v))
	}
	if v.Retaking {
		return d.postSubmit(w, r)
	}
	return d.saved(w, r, a)
}

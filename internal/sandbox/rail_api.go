package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"rocketbank/internal/base/phone"
	"rocketbank/internal/rail/iso20022"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// railRoutes is the rail's API, below RailPath.
func (d *door) railRoutes(mux *http.ServeMux) {
	mux.Handle("GET "+RailPath+"/members", d.rail("/members", d.getMembers))
	mux.Handle("POST "+RailPath+"/default", d.rail("/default", d.postDefault))
	mux.Handle("POST "+RailPath+"/pam", d.rail("/pam", d.postPAM))
	mux.Handle("POST "+RailPath+"/credits", d.rail("/credits", d.postCredit))
	mux.Handle("POST "+RailPath+"/status", d.rail("/status", d.postStatus))
}

// said is an answer of the rail before it is sealed.
type said struct {
	status int
	kind   string
	body   []byte
}

func saidJSON(status int, v any) (said, error) {
	raw, err := json.Marshal(v)
	return said{status, "application/json", raw}, err
}

// rail checks who asks by the seal of the request and seals the answer.
func (d *door) rail(path string, h func(body []byte) (said, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := d.openRail(w, r, path)
		var a said
		if err == nil {
			a, err = h(body)
		}
		if errors.Is(err, errCut) {
			cut(w)
			return
		}
		if err != nil {
			no := d.refusalOf(r, err)
			type detail struct {
				Reason string `json:"reason"`
			}
			if a, err = saidJSON(no.status, map[string]detail{"error": {no.reason}}); err != nil {
				d.log.Error("sandbox rail", "err", err)
				return
			}
		}
		first := []byte(strconv.Itoa(a.status) + " " + r.Method + " " + path + "\n")
		w.Header().Set("Content-Type", a.kind)
		w.Header().Set(signature.Header, signature.Sign(d.cfg.RailSecret, time.Now(), append(first, a.body...)))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // a reader that has gone is not our error
	})
}

func (d *door) openRail(w http.ResponseWriter, r *http.Request, path string) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, refuse(http.StatusRequestEntityTooLarge, "too_large", "")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "bad_body", "")
	}
	seals := r.Header.Values(signature.Header)
	first := []byte(r.Method + " " + path + "\n")
	if r.Header.Get("Rail-Member") != d.cfg.RailMember || len(seals) != 1 ||
		signature.Verify(d.cfg.RailSecret, seals[0], append(first, body...), time.Now()) != nil {
		return nil, refuse(http.StatusUnauthorized, "unauthorized", "")
	}
	want := "application/json"
	if path == "/credits" {
		want = "application/xml"
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && (err != nil || kind != want) {
		return nil, refuse(http.StatusUnsupportedMediaType, "bad_content_type", "")
	}
	return body, nil
}

func (d *door) getMembers([]byte) (said, error) {
	return saidJSON(http.StatusOK, map[string]any{"members": railBanks})
}

type railQuestion struct {
	Phone string `json:"phone"`
	Bank  string `json:"bank"`
}

func readRail(body []byte, into any) error {
	if err := strictjson.Decode(body, into); err != nil {
		return refuse(http.StatusUnprocessableEntity, "bad_message", "")
	}
	return nil
}

func (q railQuestion) number() (string, error) {
	n, err := phone.Parse(q.Phone)
	if err != nil || n.E164() != q.Phone {
		return "", refuse(http.StatusUnprocessableEntity, "bad_number", "")
	}
	return n.E164(), nil
}

// postDefault tells which bank the phone's owner prefers.
func (d *door) postDefault(body []byte) (said, error) {
	var q railQuestion
	if err := readRail(body, &q); err != nil {
		return said{}, err
	}
	number, err := q.number()
	if err != nil {
		return said{}, err
	}
	bank := ""
	if t := temperOf(number); t != railNobody && t != railNoDefault {
		bank = railBanks[personOf(number).home].ID
	}
	return saidJSON(http.StatusOK, map[string]string{"phone": number, "bank": bank})
}

// postPAM tells whose account stands behind a phone at a bank.
func (d *door) postPAM(body []byte) (said, error) {
	var q railQuestion
	if err := readRail(body, &q); err != nil {
		return said{}, err
	}
	number, err := q.number()
	if err != nil {
		return said{}, err
	}
	bank, ok := bankByID(q.Bank)
	who, temper := personOf(number), temperOf(number)
	switch {
	case !ok:
		return said{}, refuse(http.StatusUnprocessableEntity, "no_such_bank", "")
	case railBanks[bank].Down, temper == railUnavailable:
		return said{}, refuse(http.StatusUnprocessableEntity, "bank_unavailable", "")
	case !who.has(temper, bank):
		return said{}, refuse(http.StatusNotFound, "no_such_receiver", "")
	case temper == railUnwilling:
		return said{}, refuse(http.StatusUnprocessableEntity, "receiver_refused", "")
	}
	shown := number
	if temper == railWrongPAM {
		shown = "+79990000000"
	}
	return saidJSON(http.StatusOK, map[string]any{
		"phone": shown, "bank": q.Bank, "bik": railBanks[bank].BIK, "pam": who.name,
		"account": accountToken(d.cfg.RailSecret, number, bank, d.cfg.now().Add(pamLife)), "ttl_s": int64(pamLife / time.Second),
	})
}

// postCredit takes a credit and says how it stands, as well as the receiver's
// temper lets it.
func (d *door) postCredit(body []byte) (said, error) {
	c, fresh, err := d.railway.take(body)
	if err != nil {
		return said{}, err
	}
	if fresh {
		switch c.Temper {
		case railAnswerLost:
			return said{}, errCut
		case railThrice:
			d.railway.tell(c, 3)
		case railOther:
			d.railway.tell(c, 1)
			c.Name, c.Status, c.Reason = "po_0000000000000000000000000", iso20022.Rejected, "AC01"
		case railOutOfOrder:
			d.railway.tell(c, 1)
			c.Status = iso20022.InProcess
		}
	}
	return d.saidReport(c)
}

func (d *door) saidReport(c railCredit) (said, error) {
	raw, err := d.railway.report(c)
	return said{http.StatusOK, "application/xml", raw}, err
}

// postStatus tells how a credit stands; 404 means that it never came.
func (d *door) postStatus(body []byte) (said, error) {
	var q struct {
		Name string `json:"end_to_end"`
	}
	if err := readRail(body, &q); err != nil {
		return said{}, err
	}
	c, ok := d.railway.find(q.Name)
	if !ok {
		return said{}, refuse(http.StatusNotFound, "no_such_credit", "")
	}
	return d.saidReport(c)
}

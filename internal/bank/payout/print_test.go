package payout_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Whatever somebody prints of a payout, by itself, inside something else or into
// a log, names, phones, cards and messages are not there; which payout is.
func TestPrintsNobody(t *testing.T) {
	which := id.NewSource(time.Now).New()
	to, number := byPhone(), card()
	told := payout.Instruction{ID: which, Number: 7, Amount: money.Rub(1_00), To: to, Message: "за билеты", Sender: "Анна Соколова", SenderPhone: "+79165550101"}
	byCard := told
	byCard.To = number
	seen := payout.Payout{ID: which, To: to.Shown(), Message: "за билеты", State: payout.Sent}
	seen.To.Title = number.Title() + " " + seen.To.Title
	secrets := []string{pan, "4821", "5550199", "5550101", "Иван", "Анна", "Соколова", "билеты", "Полюс", "pam-1"}
	for _, x := range []any{told, &told, byCard, seen, &seen} {
		var log bytes.Buffer
		text, structured := slog.New(slog.NewTextHandler(&log, nil)), slog.New(slog.NewJSONHandler(&log, nil))
		for _, l := range []*slog.Logger{text, structured} {
			l.Info("payout", "it", x, "in", slog.GroupValue(slog.Any("deep", x)))
		}
		line := fmt.Sprintf("%v %+v %#v %s", x, x, x, x) + fmt.Sprint(x) + log.String() + errors.Join(fmt.Errorf("%v", x)).Error()
		if !strings.Contains(line, which.Text(payout.Prefix)) {
			t.Errorf("%T does not tell which it is: %s", x, line)
		}
		line += fmt.Sprintf("%v %+v %#v", []any{x}, struct{ X any }{x}, map[string]any{"x": x})
		for _, s := range secrets {
			if strings.Contains(line, s) {
				t.Errorf("%T prints %q", x, s)
			}
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", seen.To, seen.To, seen.To); strings.Contains(s, "Иван") || strings.Contains(s, "5550199") {
		t.Error("a shown target prints its owner")
	}
}

package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rocketbank/internal/base/outbox"
	"rocketbank/internal/ledger"
)

const metricsIn = 2 * time.Second

// metrics counts what would wake somebody at night.
func (b *bank) metrics(answers *answers) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), outboxGauge{b})
	gauge := func(name, help string, value func() bool) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if value() {
				return 1
			}
			return 0
		}))
	}
	gauge("rocketbank_ledger_healthy", "1 while the book takes transactions.", func() bool { return b.book.Healthy() == nil })
	if b.network != nil {
		gauge("rocketbank_card_network_up", "1 while the line to other banks' cards is signed on.", b.network.Up)
	}
	count := func(name, help string, value func(ledger.Stats) int64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value(b.book.Stats())) }))
	}
	count("rocketbank_ledger_transactions_total", "Transactions that went through the batch writers.", func(s ledger.Stats) int64 { return s.Served })
	count("rocketbank_ledger_batches_total", "Commits of the batch writers.", func(s ledger.Stats) int64 { return s.Batches })
	count("rocketbank_ledger_retries_total", "Batches that had to run again.", func(s ledger.Stats) int64 { return s.Retries })
	count("rocketbank_ledger_poisoned_total", "Transactions that no batch could write; each is a bug.", func(s ledger.Stats) int64 { return s.Poisoned })
	r.MustRegister(answers.total, answers.unmatched, internetCounter{b})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{Timeout: metricsIn}))
	return mux
}

var (
	outboxWaiting = prometheus.NewDesc("rocketbank_outbox_waiting", "Events that wait for their handler.", nil, nil)
	outboxDead    = prometheus.NewDesc("rocketbank_outbox_dead", "Events that were given up and need a person.", nil, nil)
)

// outboxGauge reads the outbox when somebody asks.
type outboxGauge struct{ b *bank }

// Describe names the two figures.
func (outboxGauge) Describe(to chan<- *prometheus.Desc) { to <- outboxWaiting; to <- outboxDead }

// Collect reads them; a database that does not answer gives no figures.
func (g outboxGauge) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsIn)
	defer cancel()
	waiting, dead, err := outbox.Stats(ctx, g.b.db)
	if err != nil {
		g.b.log.Error("metrics: outbox", "err", err)
		return
	}
	to <- prometheus.MustNewConstMetric(outboxWaiting, prometheus.GaugeValue, float64(waiting))
	to <- prometheus.MustNewConstMetric(outboxDead, prometheus.GaugeValue, float64(dead))
}

var internetAnswers = prometheus.NewDesc("rocketbank_internet_purchases_total",
	"Questions of 3-D Secure by how they were answered at once: passed, challenged, refused, other.", []string{"outcome"}, nil)

// internetCounter tells how this process answered the shops' questions.
type internetCounter struct{ b *bank }

// Describe names the figure.
func (internetCounter) Describe(to chan<- *prometheus.Desc) { to <- internetAnswers }

// Collect reads the counts; a bank without 3-D Secure has none.
func (c internetCounter) Collect(to chan<- prometheus.Metric) {
	if c.b.authentications == nil {
		return
	}
	passed, challenged, refused, other := c.b.authentications.Counts()
	for outcome, n := range map[string]int64{"passed": passed, "challenged": challenged, "refused": refused, "other": other} {
		to <- prometheus.MustNewConstMetric(internetAnswers, prometheus.CounterValue, float64(n), outcome)
	}
}

package cabinet

import (
	"sync"
	"time"
)

// once remembers what a form made, for as long as its page may be sent again:
// a second tap without script gets the answer of the first, not a second
// thing. Secrets are shown once and kept nowhere, so it is kept in memory.
type once struct {
	mu   sync.Mutex
	made map[string]kept
}

type kept struct {
	value string
	until time.Time
}

const (
	keptFor  = 10 * time.Minute
	keptMost = 1000
)

// do gives what make made for this key before, or makes it.
func (o *once) do(key string, now time.Time, fresh func() (string, error)) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if k, ok := o.made[key]; ok && now.Before(k.until) {
		return k.value, nil
	}
	value, err := fresh()
	if err != nil {
		return "", err
	}
	for k, v := range o.made {
		if !now.Before(v.until) || len(o.made) >= keptMost {
			delete(o.made, k)
		}
	}
	if o.made == nil {
		o.made = map[string]kept{}
	}
	o.made[key] = kept{value, now.Add(keptFor)}
	return value, nil
}

package api_test

import (
	"bytes"
	"sync"
)

// safe is a buffer for a log that many requests write.
type safe struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

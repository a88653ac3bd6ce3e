package gather

// Waiting tells how many questions wait for the next query.
func (l *Lookup[Q, A]) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

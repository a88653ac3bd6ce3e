// Package dispute lets a client say that something is wrong with a card
// purchase, and the bank answer by a promised day.
//
// A dispute has a reason and words and stands open until the staff accept or
// refuse it, or the client takes it back; meanwhile they may ask him and he
// answers. One operation has one dispute at a time, so a form that comes twice
// opens it once. Accepted, it pays the client from the bank's own account of
// disputes, which the network's chargeback or the merchant's own refund fills
// again when it comes: that part of it is the bank's, not the client's (see
// Service.Recover). What the merchant gave back before lessens what may be returned.
//
// The promised day is the law's: thirty days, sixty for a purchase abroad (161-FZ,
// article 9, part 8), counted in calendar days of Moscow.
//
// Words of clients and of staff rest sealed under the client's own key, and go
// with it when he is let go. Who of the staff may read them and
// who decides in fours is the business of room staff and of the console.
package dispute

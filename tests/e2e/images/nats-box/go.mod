// The command line that nats-box 0.19.5 carries.
module nats-box

go 1.26.0

tool github.com/nats-io/natscli/nats

require github.com/nats-io/natscli v0.4.0

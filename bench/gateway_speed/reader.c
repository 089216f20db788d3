/* Reads many streams at once and tells how long each token was on its way.

   reader PORT STREAMS SECONDS KEY: asks 127.0.0.1 for as many streams, one after the other within a second and so that
   their tokens are due evenly over the 20 ms between two. When all have begun, and half a second later, it says `begin`;
   after so many seconds `end`; both lines at once, so that whoever listens can read the counters of processes in
   between. Then it waits for the streams to end, and prints one line of JSON about what came in between, and on how
   it ended. The tokens hold the moments at which they were sent: see upstream.c. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8192, ROOM = 65536, GAP_MS = 20, SPREAD_MS = 1000, SETTLE_MS = 500, PATIENCE_MS = 10000, DIGITS = 19 };

typedef struct {
    int fd, tokens, kept, done;
    int64_t last;
    char tail[DIGITS + 2];
} Stream;

static Stream streams[MOST];
static uint32_t *delays; /* us */
static int64_t measured, out_of_order, ended, broken;
static int measuring;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void begin(Stream *stream, int number, int port, const char *key, int tokens, int epoll) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    char body[512], request[2048];
    int on = 1;
    stream->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(stream->fd, (void *)&there, sizeof there)) { perror("connect"); exit(1); }
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int length = sprintf(body,
        "{\"model\":\"vendor/model-77\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello, who are you?\"}],"
        "\"max_tokens\":%d,\"stream\":true}", tokens);
    int whole = sprintf(request,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer %s\r\n"
        "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s", key, length, body);
    if (send(stream->fd, request, whole, MSG_NOSIGNAL) != whole) { perror("send"); exit(1); }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(epoll, EPOLL_CTL_ADD, stream->fd, &event);
}

static void take(Stream *stream, int64_t sent, int64_t at) {
    stream->tokens++;
    if (sent < stream->last) out_of_order++;
    stream->last = sent;
    if (measuring) delays[measured++] = (uint32_t)((at - sent) / 1000);
}

static void finish(Stream *stream, int well) {
    close(stream->fd);
    stream->done = 1;
    ended++;
    broken += !well;
}

static void receive(Stream *stream) {
    static char buffer[ROOM + DIGITS + 2];
    memcpy(buffer, stream->tail, stream->kept);
    ssize_t got = recv(stream->fd, buffer + stream->kept, ROOM, 0);
    int64_t at = now_ns();
    if (got <= 0) { finish(stream, 0); return; }
    char *here = buffer, *end = buffer + stream->kept + got, *found;
    while ((found = memmem(here, end - here, "\"T", 2)) && end - found >= DIGITS + 3) {
        take(stream, strtoll(found + 2, NULL, 10), at);
        here = found + DIGITS + 3;
    }
    if (memmem(here, end - here, "[DONE]", 6)) { finish(stream, 1); return; }
    stream->kept = end - here < DIGITS + 2 ? end - here : DIGITS + 2;
    memcpy(stream->tail, end - stream->kept, stream->kept);
}

static int by_size(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

static double rank(double share) { /* nearest rank, ms */
    if (!measured) return -1;
    int64_t place = (int64_t)(share * measured + 0.999999) - 1;
    return delays[place < 0 ? 0 : place] / 1000.0;
}

int main(int count, char **given) {
    if (count != 5) return 2;
    int port = atoi(given[1]), wanted = atoi(given[2]), window_ms = atof(given[3]) * 1000, epoll = epoll_create1(0);
    int tokens = (SPREAD_MS + SETTLE_MS + window_ms) / GAP_MS + 50, begun = 0;
    delays = malloc(sizeof(uint32_t) * wanted * (size_t)(tokens + 1));
    int64_t started = now_ns(), apart = (SPREAD_MS + GAP_MS) * 1000000LL / wanted;
    int64_t from = started + (SPREAD_MS + SETTLE_MS) * 1000000LL, until = from + window_ms * 1000000LL;
    int64_t give_up = until + PATIENCE_MS * 1000000LL, now;
    int state = 0;
    while (ended < wanted && (now = now_ns()) < give_up) {
        for (; begun < wanted && now >= started + begun * apart; begun++)
            begin(&streams[begun], begun, port, given[4], tokens, epoll);
        if (state == 0 && now >= from && begun == wanted) { puts("begin"); fflush(stdout); state = measuring = 1; until = now + window_ms * 1000000LL; }
        if (state == 1 && now >= until) { puts("end"); fflush(stdout); state = 2, measuring = 0; }
        struct epoll_event events[256];
        int found = epoll_wait(epoll, events, 256, 1);
        for (int i = 0; i < found; i++) receive(&streams[events[i].data.u32]);
    }
    int64_t lost = 0;
    double sum = 0;
    for (int i = 0; i < wanted; i++) lost += tokens - streams[i].tokens;
    for (int64_t i = 0; i < measured; i++) sum += delays[i];
    qsort(delays, measured, sizeof *delays, by_size);
    printf("{\"chunks\":%lld,\"mean_ms\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"most_ms\":%.3f,\"lost\":%lld,"
           "\"out_of_order\":%lld,\"unfinished\":%lld}\n", (long long)measured, measured ? sum / measured / 1000 : -1,
           rank(0.5), rank(0.99), rank(1), (long long)lost, (long long)out_of_order,
           (long long)(wanted - ended + broken));
    return 0;
}

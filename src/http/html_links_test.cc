#include "http/html_links.h"

#include <doctest/doctest.h>

using namespace skerry::http;

TEST_CASE("html links: links are mapped wherever HTML has them, and nothing else is touched") {
  const struct { const char *in, *out; } rows[] = {
      {"", ""},
      {"plain < text", "plain < text"},
      {R"(<a href="/x">/x</a>)", R"(<a href="[/x]">/x</a>)"},
      {R"(<A class=b HREF = '/x' >t</A>)", R"(<A class=b HREF = '[/x]' >t</A>)"},
      {R"(<a href=/x>t</a>)", R"(<a href=[/x]>t</a>)"},
      {R"(<img src=/a.png/><link rel=icon href="/b"/>)", R"(<img src=[/a.png/]><link rel=icon href="[/b]"/>)"},
      {R"(<p title="/x" data-href="/y">)", R"(<p title="/x" data-href="/y">)"},
      {R"(<form action="/f?a=1&amp;b=2" method=post>)", R"(<form action="[/f?a=1&amp;b=2]" method=post>)"},
      {R"(<!-- <a href="/x"> --><a href="/y">)", R"(<!-- <a href="/x"> --><a href="[/y]">)"},
      {R"(<script src="/s">var a = '<a href="/x">';</script><a href="/y">)", R"(<script src="[/s]">var a = '<a href="/x">';</script><a href="[/y]">)"},
      {R"(<style>a{}</STYLE><a href="/y">)", R"(<style>a{}</STYLE><a href="[/y]">)"},
      {R"(<a href>x<a href=>y<a = href="/z">)", R"(<a href>x<a href=[]>y<a = href="[/z]">)"},
      {R"(<a href="/cut)", R"(<a href="/cut)"},
      {R"(<a href)", R"(<a href)"},
      {R"(<script>endless <a href="/x">)", R"(<script>endless <a href="/x">)"},
      {R"(<!-- endless <a href="/x">)", R"(<!-- endless <a href="/x">)"},
      {R"(</a href="/x"><!doctype html>)", R"(</a href="/x"><!doctype html>)"},
  };
  for (auto& r : rows) CHECK(rewrite_links(r.in, [](std::string_view link) { return "[" + std::string(link) + "]"; }) == r.out);
}

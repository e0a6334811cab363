(function(){
'use strict';
var BOX=1000,DAY=86400000;
function all(root,what){return Array.prototype.slice.call(root.querySelectorAll(what))}
function data(root){return JSON.parse(root.querySelector('script').textContent)}
function stamp(ms){return new Date(ms).toISOString().slice(0,16).replace('T',' ')}
function show(value,places){return value.toLocaleString('en-US',{minimumFractionDigits:places,
maximumFractionDigits:places})}
function before(list,value){var low=0,high=list.length;
while(low<high){var at=(low+high)>>1;if(list[at]<=value)low=at+1;else high=at}return low-1}
function watch(root,tell){all(root,'.plot').forEach(function(plot){
plot.addEventListener('pointermove',function(event){var box=plot.getBoundingClientRect();
var share=Math.min(1,Math.max(0,(event.clientX-box.left)/box.width));
all(root,'.cross').forEach(function(cross){cross.style.left=share*100+'%';cross.style.opacity=.6});
tell(share)});
plot.addEventListener('pointerleave',function(){all(root,'.cross').forEach(function(cross){
cross.style.opacity=0})})})}

function ticks(low,high,most){var rough=(high-low)/most,power=Math.pow(10,Math.floor(Math.log10(rough)));
var step=[1,2,5,10].map(function(k){return k*power}).filter(function(s){
return s>=rough*(1-1e-9)})[0],found=[];
for(var k=Math.ceil(low/step);k*step<=high;k++)found.push(k*step);
return{at:found,places:Math.max(0,Math.ceil(-Math.log10(step)-1e-9))}}
function marks_of(low,high,steep,most){var powers=[];
if(steep)for(var p=Math.floor(Math.log10(low));p<=Math.log10(high);p++)[1,2,5].forEach(function(q){
var v=q*Math.pow(10,p);if(v>low&&v<high)powers.push(v)});
return powers.length>2?{at:powers,places:Math.max(0,-Math.floor(Math.log10(powers[0])))}:ticks(low,high,most)}
var STEPS=[1/1440,5/1440,15/1440,1/24,3/24,6/24,12/24,1,2,7,14,30,61,91,182,365,730,1825];
function times(from,to,most){var step=STEPS.filter(function(s){
return(to-from)/(s*DAY)<=most})[0]||3650,found=[];
for(var t=Math.ceil(from/(step*DAY))*step*DAY;t<=to;t+=step*DAY){var s=new Date(Math.round(t)).toISOString();
found.push([t,step<1?s.slice(5,16).replace('T',' '):step<30?s.slice(5,10):s.slice(0,7)])}return found}

function label(plot,kind,side,at,text){var s=document.createElement('span');s.className=kind;
s.style[side]=at+'%';s.textContent=text;plot.appendChild(s)}
function drag(root,zoomed,whole){all(root,'.plot').forEach(function(plot){
var pick=document.createElement('i'),start=-1;pick.className='pick';plot.appendChild(pick);
plot.classList.add('pickable');
function share(event){var box=plot.getBoundingClientRect();
return Math.min(1,Math.max(0,(event.clientX-box.left)/box.width))}
plot.addEventListener('pointerdown',function(event){if(event.button!==0||event.pointerType==='touch')return;
start=share(event);plot.setPointerCapture(event.pointerId);event.preventDefault()});
plot.addEventListener('pointermove',function(event){if(start<0)return;var now=share(event);
pick.style.left=Math.min(start,now)*100+'%';pick.style.width=Math.abs(now-start)*100+'%';pick.style.opacity=.15});
function end(event){if(start<0)return;var now=share(event),low=Math.min(start,now),high=Math.max(start,now);
start=-1;pick.style.opacity=0;pick.style.width=0;if(event.type==='pointerup'&&high-low>.01)zoomed(low,high)}
plot.addEventListener('pointerup',end);plot.addEventListener('pointercancel',end);
plot.addEventListener('dblclick',whole)})}
var HINT='drag with the mouse to zoom, double-click for all';

all(document,'.curves').forEach(function(root){
if(!root.querySelector('script'))return;
var d=data(root),read=root.querySelector('.read'),n=d.t.length;
function times_of(list){return list.map(function(m){return m*60000})}
var T=times_of(d.t),D=d.d?times_of(d.d):[],first=T[0],last=T[n-1],from=first,to=last;
function panel(name){var i=Math.max(0,before(T,from));
function based(list){return list.map(function(v){return v/list[i]*100})}
return{equity:[['equity',T,d.e]],both:d.h?[['hold',T,based(d.h)],['equity',T,based(d.e)]]:[],
fall:[['fall',T,d.f]],sharpe:d.s?[['sharpe',D,d.s]]:[]}[name]}
function draw(){all(root,'.plot').forEach(function(plot){
var name=plot.getAttribute('data-panel'),lines=panel(name),low=Infinity,high=-Infinity;
lines.forEach(function(l){for(var i=Math.max(0,before(l[1],from));i<l[1].length;i++){
var v=l[2][i];if(v<low)low=v;if(v>high)high=v;if(l[1][i]>to)break}});
if(low>high)return;if(name==='fall'){high=0;low=Math.min(low*1.08,-.01)}
if(name==='sharpe'){low=Math.min(low,-.1);high=Math.max(high,.1)}
var steep=name!=='fall'&&low>0&&high/low>4,room=(high-low)*.05||Math.abs(high)*.01||1;
if(name!=='fall'){if(steep){low/=1.05;high*=1.05}else{low-=room;high+=room}}
function x(t){return(t-from)/(to-from)*BOX}
function y(v){return BOX*(1-(steep?Math.log(v/low)/Math.log(high/low):(v-low)/(high-low)))}
lines.forEach(function(l){var text='',begin=Math.max(0,before(l[1],from)),a=0;
for(var i=begin;i<l[1].length;i++){text+=(text?'L':'M')+Math.max(0,Math.min(BOX,x(l[1][i]))).toFixed(1)+' '+
y(l[2][i]).toFixed(1);a=i;if(l[1][i]>to)break}
if(name==='fall')text+='L'+Math.min(BOX,x(l[1][a])).toFixed(1)+' 0L0 0Z';
plot.querySelector('path.'+l[0]).setAttribute('d',text)});
var zero=plot.querySelector('path.zero');if(zero)zero.setAttribute('d','M0 '+y(0).toFixed(1)+'H1000');
all(plot,'.x,.y').forEach(function(s){s.remove()});
var marks=marks_of(low,high,steep,name==='equity'?7:3),grid='';
marks.at.forEach(function(v){var at=y(v);grid+='M0 '+at.toFixed(1)+'H1000';
label(plot,'y','top',at/10,show(v,marks.places)+(name==='fall'?' %':''))});
plot.querySelector('path.grid').setAttribute('d',grid);
if(name==='fall')times(from,to,7).forEach(function(t){label(plot,'x','left',x(t[0])/10,t[1])})})}
watch(root,function(share){
var t=from+share*(to-from),at=Math.max(0,before(T,t)),s=D.length?before(D,t):-1;
read.textContent=stamp(T[at])+' \u00b7 equity '+show(d.e[at],2)+
(d.h?' \u00b7 buy and hold '+show((d.h[at]-1)*100,1)+' %':'')+' \u00b7 '+show(d.f[at],2)+' % from the peak'+
(s>=0?' \u00b7 Sharpe '+show(d.s[s],2):'')});
drag(root,function(low,high){var wide=to-from,begin=from;from=begin+low*wide;to=begin+high*wide;draw()},
function(){from=first;to=last;draw()});
read.textContent=HINT});

all(document,'.market').forEach(function(root){
if(!root.querySelector('script'))return;
var d=data(root),n=d.t.length,T=[],O=[],H=[],L=[],C=[],close=0,time=d.first;
for(var i=0;i<n;i++){time+=d.t[i]*1000;T.push(time);var o=close+d.o[i];close=o+d.c[i];
O.push(o);C.push(close);H.push(Math.max(o,close)+d.h[i]);L.push(Math.min(o,close)-d.l[i])}
var opened=d.trades[0].map(function(s){return d.first+s*1000}),closed=d.trades[1].map(function(s){
return d.first+s*1000}),bought=d.trades[2],sold=d.trades[3],won=d.trades[4],why=d.trades[5];
var plot=root.querySelector('.plot'),zoom=root.querySelector('.zoom'),place=root.querySelector('.place');
var read=root.querySelector('.read'),whole=d.end-d.first,from=d.first,to=d.end,picked=-1;
var least=Math.min(whole,Math.max(30*whole/n,whole/2000));
function path(name){return root.querySelector('path.'+name.replace(/ /g,'.'))}
function trade(k){return stamp(opened[k])+' bought at '+show(bought[k]*d.tick,
d.places)+' \u00b7 '+stamp(closed[k])+
' sold at '+show(sold[k]*d.tick,d.places)+' ('+d.endings[why[k]]+') \u00b7 '+(won[k]>0?'+':'')+show(won[k],2)+
' '+d.quote}
function draw(){
var first=Math.max(0,before(T,from)),last=Math.max(first,before(T,to-1)),wide=plot.clientWidth||600;
var size=Math.max(1,Math.ceil((last-first+1)/Math.max(40,Math.floor(wide/5)))),bars=[],low=Infinity,
high=-Infinity;
for(var i=first-first%size;i<=last;i+=size){if(i<0)continue;var end=Math.min(n,i+size),h=-Infinity,l=Infinity;
for(var j=i;j<end;j++){if(H[j]>h)h=H[j];if(L[j]<l)l=L[j]}
bars.push([T[i],end<n?T[end]:d.end,O[i],h,l,C[end-1]]);if(h>high)high=h;if(l<low)low=l}
for(var k=0;k<opened.length;k++){if(closed[k]<from||opened[k]>to)continue;
high=Math.max(high,bought[k],sold[k]);low=Math.min(low,bought[k],sold[k])}
var steep=low>0&&high/low>4,room=steep?0:(high-low)*.05||1;if(steep){low/=1.05;high*=1.05}low-=room;
high+=room;
function x(t){return(t-from)/(to-from)*BOX}
function y(p){return BOX*(1-(steep?Math.log(p/low)/Math.log(high/low):(p-low)/(high-low)))}
var text={'up wick':'','up body':'','down wick':'','down body':'','trip won':'','trip lost':'','dot entry':'',
'dot won':'','dot lost':''};
bars.forEach(function(b){var kind=b[5]>=b[2]?'up':'down',m=x((b[0]+b[1])/2);if(m<0||m>BOX)return;
m=m.toFixed(1);
text[kind+' wick']+='M'+m+' '+y(b[3]).toFixed(1)+'V'+y(b[4]).toFixed(1);
var a=y(b[2]),c=y(b[5]);if(Math.abs(a-c)<3)c=a+3;
text[kind+' body']+='M'+m+' '+a.toFixed(1)+'V'+c.toFixed(1)});
for(k=0;k<opened.length;k++){if(closed[k]<from||opened[k]>to)continue;var kind=won[k]>0?'won':'lost';
var a=x(opened[k]),b=y(bought[k]),c=x(closed[k]),e=y(sold[k]);
if(a>=0&&c<=BOX)text['trip '+kind]+='M'+a.toFixed(1)+' '+b.toFixed(1)+'L'+c.toFixed(1)+' '+e.toFixed(1);
if(a>=0)text['dot entry']+='M'+a.toFixed(1)+' '+b.toFixed(1)+'h0';
if(c<=BOX)text['dot '+kind]+='M'+c.toFixed(1)+' '+e.toFixed(1)+'h0'}
var seen=text['dot entry'].split('M').length-1;
Object.keys(text).forEach(function(name){var p=path(name);p.setAttribute('d',text[name]);
if(name.slice(0,3)==='dot')p.classList.toggle('small',seen>100)});
var body=Math.max(1.5,Math.min(9,wide/bars.length*.66));
path('up body').style.strokeWidth=path('down body').style.strokeWidth=body+'px';
var shade=d.unseen===null||d.unseen>to?'':'M'+Math.max(0,x(d.unseen)).toFixed(1)+' 0V1000H1000V0Z';
path('shade').setAttribute('d',shade);
all(plot,'.x,.y').forEach(function(s){s.remove()});
var marks=marks_of(low*d.tick,high*d.tick,steep,5),lines='';
marks.at.forEach(function(v){var at=y(v/d.tick);lines+='M0 '+at.toFixed(1)+'H1000';
label(plot,'y','top',at/10,show(v,marks.places))});
path('grid').setAttribute('d',lines);
times(from,to,wide<480?3:7).forEach(function(t){label(plot,'x','left',x(t[0])/10,t[1])})}
function reach(){return Math.pow(least/whole,zoom.value/100)*whole}
function move(){var wide=reach();from=d.first+(whole-wide)*place.value/1000;to=from+wide;draw()}
function centre(at){var wide=reach();from=Math.min(d.end-wide,Math.max(d.first,at-wide/2));to=from+wide;
place.value=whole>wide?(from-d.first)/(whole-wide)*1000:0;draw()}
function pick(step){if(!opened.length)return;
if(picked<0)picked=step>0?-1:0;
picked=(picked+step+opened.length)%opened.length;
if(zoom.value<1){var want=Math.max(least,(closed[picked]-opened[picked])*4);
zoom.value=Math.min(100,100*Math.log(want/whole)/Math.log(least/whole))}
centre((opened[picked]+closed[picked])/2);
read.textContent='trade '+(picked+1)+' of '+opened.length+' \u00b7 '+trade(picked)}
zoom.addEventListener('input',function(){centre((from+to)/2)});
place.addEventListener('input',move);
root.querySelector('.back').addEventListener('click',function(){pick(-1)});
root.querySelector('.next').addEventListener('click',function(){pick(1)});
root.querySelector('.all').addEventListener('click',function(){zoom.value=0;place.value=0;picked=-1;
read.textContent='';move()});
watch(root,function(share){var t=from+share*(to-from),i=Math.max(0,before(T,t)),best=-1,near=(to-from)/100;
for(var k=0;k<opened.length;k++){var away=t<opened[k]?opened[k]-t:t>closed[k]?t-closed[k]:0;
if(away<near){near=away;best=k}}
read.textContent=best>=0?trade(best):stamp(T[i])+' \u00b7 open '+show(O[i]*d.tick,d.places)+' high '+
show(H[i]*d.tick,d.places)+' low '+show(L[i]*d.tick,d.places)+' close '+show(C[i]*d.tick,d.places)});
zoom.step='any';place.step='any';
drag(root,function(low,high){var wide=to-from,begin=from+low*wide,want=Math.max(least,(high-low)*wide);
zoom.value=whole>least?Math.max(0,Math.min(100,100*Math.log(want/whole)/Math.log(least/whole))):0;
centre(begin+(high-low)*wide/2)},function(){zoom.value=0;place.value=0;move()});
if(!read.textContent)read.textContent=HINT;
root.classList.add('live');draw();
var wait=0;window.addEventListener('resize',function(){clearTimeout(wait);wait=setTimeout(draw,120)})});
all(document,'.trades').forEach(function(root){var body=root.querySelector('tbody'),by=-1,up=1;
var UNITS={min:1,h:60,days:1440};
function worth(text){var m=/^([+-]?[\d,]*\.?\d+)(?: (min|h|days|%))?$/.exec(text);
return m?parseFloat(m[1].replace(/,/g,''))*(UNITS[m[2]]||1):null}
all(root,'thead th').forEach(function(head,at){head.addEventListener('click',function(){
up=by===at?-up:1;by=at;var rows=all(body,'tr').map(function(row){var text=row.children[at].textContent;
return[worth(text),text,row]});
rows.sort(function(a,b){var c=a[0]!==null&&b[0]!==null?a[0]-b[0]:a[1]<b[1]?-1:a[1]>b[1]?1:0;return c*up});
rows.forEach(function(each){body.appendChild(each[2])})})})});
})();
